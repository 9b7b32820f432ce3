import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { http2Request, openHttp2 } from '../runtime/listen/http2-client.ts';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { legacyMessage, legacyRequest, openSession, streamedRequest } from '../support/legacy-client.ts';
import { ownAbstractSockets } from '../support/own-sockets.ts';
import { rawRequest } from '../support/raw-request.ts';
import { StartedThreads } from '../support/started-threads.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';
import { type AskingUpstream, startAskingUpstream } from './clients/upstreams/asking-http.ts';

// Each thread loads the program anew.
vi.setConfig({ testTimeout: 60_000 });

const WORKERS = { workers: 3 };
/** So many connections that the kernel gives each of three threads some, but for one time in a million. */
const MANY = 40;

let upstream: FastUpstream;
let asking: AskingUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('echo', ['echo']);
  asking = await startAskingUpstream();
});
afterAll(async () => {
  await upstream.close();
  await asking[Symbol.asyncDispose]();
});

const start = (over: object = {}): Promise<TestGateway> =>
  startTestGateway(configuration({ echo: upstream.url }, { ...WORKERS, ...over }), { tap: false });

const BASE_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

const listStatuses = async (url: string, session: Record<string, string>): Promise<ReadonlySet<number>> => {
  const answers = await Promise.all(
    Array.from({ length: MANY }, (_, id) => legacyMessage(url, session, { id, method: 'tools/list' })),
  );
  return new Set(answers.map(({ status }) => status));
};

/** Messages on a stream that has other events too. */
const messageWith = async (stream: EventStreamClient, id: number): Promise<object> => {
  const find = () =>
    stream.events
      .filter(({ event, data }) => event === 'message' && data !== undefined)
      .map(({ data }) => JSON.parse(data!))
      .find((message) => message.id === id);
  await expect.poll(find).toBeDefined();
  return find();
};

describe('a session, with several threads', () => {
  it('is one session whichever thread its requests come to', async () => {
    await using gateway = await start();
    const session = await openSession(gateway.url());
    expect(await listStatuses(gateway.url(), session)).toEqual(new Set([200]));
    const { status } = await rawRequest(gateway.url(), { method: 'DELETE', headers: session });
    expect(status).toBe(204);
    expect(await listStatuses(gateway.url(), session)).toEqual(new Set([404]));
  });

  it('has its stream and its answers on any connection', async () => {
    await using gateway = await startTestGateway(configuration({ asking: asking.url }, WORKERS), {
      tap: false,
    });
    const url = gateway.url();
    for (let round = 0; round < 8; round += 1) {
      const session = await openSession(url, {}, { capabilities: { elicitation: {} } });
      const params = { name: 'order', arguments: { item: 'tea' } };
      const stream = await streamedRequest(url, session, { id: 7, method: 'tools/call', params });
      const question = await stream.message(({ method }) => method === 'elicitation/create');
      const answered = await legacyMessage(url, session, { id: question.id, result: named('Ada') });
      expect(answered.status).toBe(202);
      const { result } = await stream.message(({ id }) => id === 7);
      expect(JSON.parse(result.content[0].text)).toEqual(named('Ada'));
      stream.close();
    }
  });

  it('is not told of to another caller, whichever thread holds it', async () => {
    const { yaml, files, tokens } = keyedCallers(['alice', 'mallory'], { echo: upstream.url }, WORKERS);
    await using gateway = await startTestGateway(yaml, { files, tap: false });
    const as = (name: string) => ({ authorization: `Bearer ${tokens[name]}` });
    const session = await openSession(gateway.url('main'), as('alice'));
    expect(await listStatuses(gateway.url('main'), session)).toEqual(new Set([200]));
    const stolen = { ...session, ...as('mallory') };
    expect(await listStatuses(gateway.url('main'), stolen)).toEqual(new Set([404]));
    expect(await listStatuses(gateway.url('other'), session)).toEqual(new Set([404]));
    const { authorization: _, ...nobody } = session;
    expect(await listStatuses(gateway.url('main'), nobody)).toEqual(new Set([401]));
  });

  it('is one session over HTTP/2, too', async () => {
    const { certificate, key } = makeCertificate('workers');
    const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
    const yaml = configuration(
      { echo: upstream.url },
      { ...WORKERS, listener: { tls, http: ['h2', 'http/1.1'] } },
    );
    const files = { 'tls.crt': certificate, 'tls.key': key };
    await using gateway = await startTestGateway(yaml, { files, tap: false });
    const port = Number(new URL(gateway.url()).port);
    const send = async (message: object, more: Record<string, string> = {}) => {
      const connection = await openHttp2(port, certificate);
      const headers = { ...BASE_HEADERS, ...more, ':method': 'POST', ':path': '/mcp' };
      const reply = await http2Request(connection, headers, JSON.stringify({ jsonrpc: '2.0', ...message }));
      connection.destroy();
      return reply;
    };
    const clientInfo = { name: 'test', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    const opened = await send({ id: 1, method: 'initialize', params });
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    const replies = await Promise.all(
      Array.from({ length: MANY }, (_, id) => send({ id, method: 'tools/list' }, session)),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('is gone with its thread, and told so at once', async () => {
    using threads = new StartedThreads();
    await using gateway = await start();
    const sessions = await Promise.all(Array.from({ length: 12 }, () => openSession(gateway.url())));
    await threads.terminate();
    const running = async () =>
      ((await (await fetch(`${gateway.opsUrl}/-/status`)).json()) as { workers: { running: number } }).workers
        .running;
    await expect.poll(running, { timeout: 45_000 }).toBe(3);
    const startedMs = performance.now();
    for (const session of sessions)
      expect(await legacyRequest(gateway.url(), 'tools/list', {}, session)).toMatchObject({ status: 404 });
    expect(performance.now() - startedMs).toBeLessThan(5000);
  }, 60_000);

  it('over HTTP+SSE takes what is posted on any connection', async () => {
    await using gateway = await start({ server: { protocol: { legacySse: true } } });
    const stream = await EventStreamClient.open(`${gateway.url()}/sse`, {
      headers: { accept: 'text/event-stream' },
    });
    const endpoint = () => stream.events.find(({ event }) => event === 'endpoint')?.data;
    await expect.poll(endpoint).toBeDefined();
    const target = new URL(endpoint()!, gateway.url()).href;
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' },
    };
    const posted = await legacyMessage(target, {}, { id: 0, method: 'initialize', params });
    expect(posted.status).toBe(202);
    await messageWith(stream, 0);
    for (let id = 1; id < MANY; id += 1) {
      expect((await legacyMessage(target, {}, { id, method: 'ping' })).status).toBe(202);
      expect(await messageWith(stream, id)).toMatchObject({ result: {} });
    }
    stream.close();
  });
});

describe('a call that waits for input, with several threads', () => {
  it('goes on with a retry on any connection, once', async () => {
    await using gateway = await startTestGateway(configuration({ asking: asking.url }, WORKERS), {
      tap: false,
    });
    const url = gateway.url();
    for (let round = 0; round < 10; round += 1) {
      const args = { item: `tea ${round}` };
      const asked = askedBy(await ableCall(url, 'order', args));
      const answers = answersTo(asked, named('Ada'));
      const retries = await Promise.all(
        Array.from({ length: 6 }, () => retryCall(url, 'order', args, asked, answers)),
      );
      const done = retries.filter(({ body }) => body.result?.content !== undefined);
      expect(done).toHaveLength(1);
      expect(outcomeOf(done[0]!)).toEqual(named('Ada'));
      const refused = retries.filter(({ body }) => body.error?.data?.code === 'state_refused');
      expect(refused).toHaveLength(5);
    }
  });
});

interface Running {
  readonly workers: { readonly running: number };
}

describe('the sockets between threads', () => {
  const sockets = (): readonly string[] =>
    [...new Set(ownAbstractSockets())].filter((name) => name.startsWith('gatewright-'));

  it('show no request to a program that takes the name of a thread that has ended', async () => {
    using threads = new StartedThreads();
    const before = new Set(sockets());
    const { yaml, files, tokens } = keyedCallers(['alice'], { echo: upstream.url }, WORKERS);
    await using gateway = await startTestGateway(yaml, { files, tap: false });
    const names = sockets().filter((name) => !before.has(name));
    const alice = { authorization: `Bearer ${tokens.alice}` };
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => openSession(gateway.url('main'), alice)),
    );
    await threads.terminate();
    let seen = '';
    let calls = 0;
    const thieves = names.map((name) =>
      createServer((socket) => {
        calls += 1;
        socket
          .on('error', () => undefined)
          .on('data', (chunk) => {
            seen += chunk.toString('latin1');
            socket.write('A'.repeat(32));
          });
      }).listen({ path: `\0${name}` }),
    );
    const status = async () => (await fetch(`${gateway.opsUrl}/-/status`)).json() as Promise<Running>;
    await expect.poll(async () => (await status()).workers.running, { timeout: 45_000 }).toBe(3);
    for (const session of opened)
      expect(await legacyRequest(gateway.url('main'), 'tools/list', {}, session)).toMatchObject({
        status: 404,
      });
    expect(calls).toBeGreaterThan(0);
    expect(seen).not.toContain('HTTP/1.1');
    for (const thief of thieves) thief.close();
  });

  it('serve nobody who does not know the secret of the process', async () => {
    const before = new Set(sockets());
    await using gateway = await start();
    const own = sockets().filter((name) => !before.has(name));
    expect(own).toHaveLength(3);
    const forged = Buffer.from('{"listener":"main","secure":false,"clientAddress":"10.0.0.1"}').toString(
      'base64url',
    );
    for (const envelope of [
      '',
      'x-gatewright-peer: x\r\n',
      `x-gatewright-peer: ${forged}.${'A'.repeat(43)}\r\n`,
    ]) {
      const socket = connect({ path: `\0${own[0]}` });
      socket.write(`POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n${envelope}content-length: 0\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
      expect(answer).toBe('');
    }
    expect((await rawRequest(gateway.url(), { headers: { 'x-gatewright-peer': forged } })).status).toBe(400);
  });
});
