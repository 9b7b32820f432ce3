import { connect, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const REQUESTS = 100_000;
const GENERATIONS = 500;
const CONNECTIONS = 32;
/** Calls go to the upstream, lists to what is known of it: one request in so many is a call. */
const ONE_CALL_IN = 8;

vi.setConfig({ testTimeout: 900_000 });

type Letter = 'A' | 'B';
const letterOf = (generation: number): Letter => (generation % 2 === 0 ? 'A' : 'B');

/**
 * A graph whose every reply tells what it met: the limit, by the number of the graph, the upstream and, in lists, the
 * policy, by their letters.
 */
const graph = (generation: number, urls: Readonly<Record<Letter, string>>, workers: number): string => {
  const letter = letterOf(generation);
  const visible = ['who', 'upstreamA', 'upstreamB', `policy${letter}`].map((name) => `'${name}'`);
  return configuration(
    { [`upstream${letter}`]: urls[letter] },
    {
      workers,
      reload: { watch: false },
      server: { policies: [`policy${letter}`], limits: [`limit${generation}`] },
      policies: { [`policy${letter}`]: { type: 'cel', allow: `tool.name in [${visible.join(', ')}]` } },
      limits: { [`limit${generation}`]: { type: 'rate', rate: '1000000/s', key: [] } },
      telemetry: { log: { access: false } },
    },
  );
};

const requestText = (pathname: string, method: string, params: object, id: string): Buffer => {
  const body = modernBody(method, params, { id });
  const headers = { host: '127.0.0.1', ...modernHeaders(method, params, {}) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST ${pathname} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
};

/** A client that costs little: one connection, one request at a time, the reply as text. */
class Requester {
  readonly #socket: Socket;
  #text = '';
  #waiting: PromiseWithResolvers<string> | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#text += text;
      this.#look();
    });
    this.#socket.on('close', () =>
      this.#waiting?.reject(new Error(`the connection ended after: ${this.#text}`)),
    );
    this.#socket.on('error', () => undefined);
  }

  ask(request: Buffer): Promise<string> {
    this.#waiting = Promise.withResolvers<string>();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #look(): void {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#text.slice(0, end + 2))?.[1];
    if (length === undefined || this.#text.length < end + 4 + Number(length)) return;
    const reply = this.#text;
    this.#text = '';
    this.#waiting?.resolve(reply);
  }
}

/** What one reply says that it met; what is wrong with it where it says nothing. */
const metBy = (reply: string, id: string): { generation: number } | { fault: string } => {
  const generation = Number(/ratelimit-policy: "limit(\d+)"/i.exec(reply)?.[1]);
  const letters = [
    ...reply.matchAll(/(?:\\?"name\\?":\\?"policy|\\?"(?:name|upstream)\\?":\\?"(?:upstream)?)([AB])\\?"/g),
  ];
  const isWhole =
    reply.startsWith('HTTP/1.1 200') &&
    reply.includes(`"id":"${id}"`) &&
    letters.length === (reply.includes('"tools":') ? 2 : 1);
  if (!isWhole || Number.isNaN(generation)) return { fault: `failed: ${reply.slice(0, 600)}` };
  const isOne = letters.every(([, letter]) => letter === letterOf(generation));
  return isOne ? { generation } : { fault: `mixed: ${reply}` };
};

/** Sends requests until `isOver`, each when the one before is answered. */
const drive = async (
  { port, pathname }: URL,
  connection: number,
  tell: (met: ReturnType<typeof metBy>) => void,
  isOver: () => boolean,
): Promise<void> => {
  const requester = new Requester(Number(port));
  const id = `of-${connection}`;
  const list = requestText(pathname, 'tools/list', {}, id);
  const call = requestText(pathname, 'tools/call', { name: 'who', arguments: {} }, id);
  for (let count = connection; !isOver(); count += 1) {
    const reply = await requester.ask(count % ONE_CALL_IN === 0 ? call : list).catch(String);
    tell(metBy(reply, id));
  }
  requester.close();
};

it.each([1, 2])(
  `with %i thread(s) ${REQUESTS} requests meet ${GENERATIONS} graphs, none fails and none meets parts of two`,
  async (workers) => {
    const upstreams = {
      A: await startToolUpstream('A', ['who', 'upstreamA', 'policyA', 'policyB']),
      B: await startToolUpstream('B', ['who', 'upstreamB', 'policyA', 'policyB']),
    };
    const urls = { A: upstreams.A.url, B: upstreams.B.url };
    await using gateway = await StartedGateway.start(graph(0, urls, workers));
    const served = new Set<number>();
    const faults: string[] = [];
    let requests = 0;
    const tell = (met: ReturnType<typeof metBy>): void => {
      requests += 1;
      if ('fault' in met) faults.push(met.fault);
      else served.add(met.generation);
    };
    const isOver = (): boolean => faults.length > 0 || (requests >= REQUESTS && served.size >= GENERATIONS);

    const url = new URL(gateway.url);
    const driving = Promise.all(
      Array.from({ length: CONNECTIONS }, (_, connection) => drive(url, connection, tell, isOver)),
    );
    for (let generation = 1; !isOver(); generation += 1)
      expect((await gateway.load(graph(generation, urls, workers))).result).toBe('applied');
    await driving;
    await Promise.all([upstreams.A.close(), upstreams.B.close()]);

    expect(faults.slice(0, 3)).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(REQUESTS);
    expect(served.size).toBeGreaterThanOrEqual(GENERATIONS);
  },
);
