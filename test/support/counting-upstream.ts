/** A server over plain sockets that counts how often each request is executed, and breaks connections at any point. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a request: when its connection breaks, or how it is answered. */
export type Fate =
  | 'answered'
  | 'answered late'
  | 'answered and closed'
  | 'closed before it is executed'
  | 'closed after it was executed'
  | 'cut off within the answer'
  | 'refused with 503 before it is executed'
  | 'refused with 503 after it was executed';

export interface CountingUpstream {
  readonly urls: readonly string[];
  /** By the number that a call carries as `n`. */
  readonly executions: Uint8Array;
  close(): Promise<void>;
}

const LATE_MS = 30;
const HEADERS = 'content-type: application/json\r\n';

const replyText = (body: string): string =>
  `HTTP/1.1 200 OK\r\n${HEADERS}content-length: ${body.length}\r\n\r\n${body}`;

const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';

const DISCOVERED =
  '{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"counting","version":"1.0.0"}}}';

class Connection {
  readonly #socket: Socket;
  readonly #executions: Uint8Array;
  readonly #fateOf: (n: number) => Fate;
  #text = '';

  constructor(socket: Socket, executions: Uint8Array, fateOf: (n: number) => Fate) {
    this.#socket = socket;
    this.#executions = executions;
    this.#fateOf = fateOf;
    socket.setNoDelay(true).on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#read();
    });
  }

  #read(): void {
    const head = this.#text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    const end = head + 4 + length;
    if (this.#text.length < end) return;
    const body = this.#text.slice(head + 4, end);
    this.#text = this.#text.slice(end);
    this.#take(body);
  }

  #take(body: string): void {
    const id = /"id":(\d+)/.exec(body)![1]!;
    const number = /"n":(\d+)/.exec(body)?.[1];
    if (number === undefined) {
      this.#socket.write(replyText(`{"jsonrpc":"2.0","id":${id},"result":${DISCOVERED}}`));
      return;
    }
    this.#meet(this.#fateOf(Number(number)), id, Number(number));
  }

  #meet(fate: Fate, id: string, n: number): void {
    const answer = replyText(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"resultType":"complete"}}`);
    const execute = (): void => {
      this.#executions[n]! += 1;
    };
    switch (fate) {
      case 'closed before it is executed':
        this.#socket.resetAndDestroy();
        return;
      case 'refused with 503 before it is executed':
        this.#socket.write(UNAVAILABLE);
        return;
      case 'answered late':
        execute();
        setTimeout(() => this.#socket.write(answer), LATE_MS);
        return;
      case 'closed after it was executed':
        execute();
        this.#socket.destroy();
        return;
      case 'cut off within the answer':
        execute();
        this.#socket.end(answer.slice(0, -7));
        return;
      case 'refused with 503 after it was executed':
        execute();
        this.#socket.write(UNAVAILABLE);
        return;
      case 'answered and closed':
        execute();
        this.#socket.end(answer);
        return;
      case 'answered':
        execute();
        this.#socket.write(answer);
    }
  }
}

/** Starts `endpoints` of them that count together. `fateOf` is asked at each attempt. */
export const startCountingUpstream = async (
  endpoints: number,
  calls: number,
  fateOf: (n: number) => Fate,
): Promise<CountingUpstream> => {
  const executions = new Uint8Array(calls);
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  for (let at = 0; at < endpoints; at += 1) {
    const server = createServer((socket) => {
      new Connection(socket, executions, fateOf);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
  }
  return {
    urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    executions,
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
};
