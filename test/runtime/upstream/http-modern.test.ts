import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode, TimeoutsNode } from '../../../schema/graph/upstream.ts';
import {
  answer,
  answerAsStream,
  echoResult,
  event,
  type FastUpstream,
  hang,
  json,
  openStream,
  refuse,
  reset,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { callEcho, echo, send } from './recording-sink.ts';
import { httpNode, OPENING, onceOpen, type TestContext, testContext } from './test-context.ts';

let server: FastUpstream;
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<HttpUpstreamNode> = {}): Upstream =>
  upstreams.open(httpNode(server.url, { era: 'modern', ...changes }), context);

const link = (changes: Partial<HttpUpstreamNode> = {}): Promise<Link> => upstream(changes).modern();

/** A link to whose calls these timeouts apply. */
const hurried = (timeouts: Partial<TimeoutsNode>, changes: Partial<HttpUpstreamNode> = {}): Promise<Link> =>
  onceOpen(timeouts, (usual) => link({ timeouts: usual, ...changes }));

beforeEach(async () => {
  server = await startFastUpstream();
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

describe('a modern call over HTTP', () => {
  test('a JSON reply is handed on as the text that came', async () => {
    const sink = await echo(await link());
    expect(sink.events).toEqual(['response']);
    expect(sink.response?.result).toMatchObject({ resultType: 'complete' });
    expect(sink.response?.text).toContain('grüße');
  });

  test('the request carries the headers of the era, the credentials and the fixed headers, and no others', async () => {
    const made = await link({
      bearerToken: 'secret-token',
      headers: { forward: [], set: { 'X-Env': 'prod' } },
    });
    await echo(made);
    const { headers } = server.log.at(-1)!;
    expect(headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      authorization: 'Bearer secret-token',
      'content-type': 'application/json',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
      'mcp-protocol-version': '2026-07-28',
      'x-env': 'prod',
    });
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'content-length',
      'content-type',
      'host',
      'mcp-method',
      'mcp-name',
      'mcp-protocol-version',
      'x-env',
    ]);
  });

  test.each(['modern', 'legacy'] as const)(
    'of the %s era, as all that is sent, asks for no coding: who compresses where it may answers plainly',
    async (era) => {
      server.behave(({ message, request, response }) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: echoResult(message) });
        const codings = request.headers['accept-encoding'];
        const head = { 'content-type': 'application/json', vary: 'accept-encoding' };
        if (codings === 'identity') response.writeHead(200, head).end(body);
        else response.writeHead(200, { ...head, 'content-encoding': 'gzip' }).end(gzipSync(body));
      });
      const made = upstream({ era });
      const { response } = await echo(await (era === 'modern' ? made.modern() : made.legacy(OPENING)));
      expect(response?.text).toContain('grüße');
      expect(server.log.map(({ headers }) => headers['accept-encoding'])).toEqual(
        server.log.map(() => 'identity'),
      );
    },
  );

  test("fixed headers cannot replace the transport's own", async () => {
    await echo(
      await link({
        headers: {
          forward: [],
          set: { 'MCP-Protocol-Version': '1', 'Mcp-Session-Id': 'x', 'Accept-Encoding': 'br' },
        },
      }),
    );
    const { headers } = server.log.at(-1)!;
    expect(headers['mcp-protocol-version']).toBe('2026-07-28');
    expect(headers['mcp-session-id']).toBeUndefined();
    expect(headers['accept-encoding']).toBe('identity');
  });

  test('a stream brings its messages and then the response', async () => {
    server.behave(answerAsStream);
    const sink = await echo(await link());
    expect(sink.events).toEqual(['stream', 'message', 'response']);
    expect(sink.messages[0]).toMatchObject({ method: 'notifications/progress' });
  });

  test('a stream that ends after its response leaves its connection in use', async () => {
    server.behave(answerAsStream);
    const made = await link({ connections: 1 });
    await echo(made);
    const ports = new Set<number | undefined>();
    server.behave((received) => {
      ports.add(received.request.socket.remotePort);
      answerAsStream(received);
    });
    for (let round = 0; round < 5; round += 1) await echo(made);
    expect(ports.size).toBe(1);
  });

  test('a stream split inside characters and between CR and LF is put together again', async () => {
    server.behave(({ message, response }) => {
      openStream(response);
      const bytes = Buffer.from(
        `\uFEFF: hello\r\nid: 1\r\n${event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) })}`.replaceAll(
          '\n\n',
          '\r\n\r\n',
        ),
      );
      let at = 0;
      const next = (): void => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 1), () => setImmediate(next));
        at += 1;
      };
      next();
    });
    const sink = await echo(await link());
    expect(sink.response?.text).toContain('grüße');
  });

  test('requests of a server are not passed on: the era has none', async () => {
    server.behave((received) => {
      openStream(received.response);
      received.response.write(event({ jsonrpc: '2.0', id: 9, method: 'roots/list' }));
      received.response.end(
        event({ jsonrpc: '2.0', id: received.message.id, result: echoResult(received.message) }),
      );
    });
    const sink = await echo(await link());
    expect(sink.events).toEqual(['stream', 'response']);
  });
});

describe('refusals', () => {
  test('a JSON-RPC error is relayed whatever its status', async () => {
    const error = { code: -32602, message: 'Unknown tool' };
    server.behave(({ message, response }) => json(response, { jsonrpc: '2.0', id: message.id, error }, 400));
    const sink = await echo(await link());
    expect(sink.response).toMatchObject({ error });
    expect(sink.error).toBeUndefined();
  });

  test('an error without an id answers the only request there was', async () => {
    const error = { code: -32020, message: 'Header mismatch' };
    server.behave(({ response }) => json(response, { jsonrpc: '2.0', error }, 400));
    const made = await link();
    const { id, sink } = callEcho(made);
    await sink.ended;
    expect(sink.response).toMatchObject({ id, error });
  });

  test.each([
    [500, 'upstream_unavailable'],
    [503, 'upstream_unavailable'],
    [401, 'upstream_unavailable'],
    [403, 'upstream_unavailable'],
    [429, 'upstream_unavailable'],
    [404, 'upstream_protocol'],
    [405, 'upstream_protocol'],
    [302, 'upstream_protocol'],
    [202, 'upstream_protocol'],
    [204, 'upstream_protocol'],
  ])('status %i becomes %s, and nothing of its body is told', async (status, code) => {
    const made = await link();
    server.behave(refuse(status));
    const { error } = await echo(made);
    expect(error).toMatchObject({ code });
    expect(error?.message).not.toContain('secret');
    expect(error?.message).not.toMatch(/127\.0\.0\.1|\d{3}/);
  });

  test('what is not JSON, not JSON-RPC, or not an answer to the request is a protocol error', async () => {
    const made = await link();
    const bodies = ['<html>', '42', '[]', '{}', '{"jsonrpc":"2.0","id":99999,"result":{}}', '', '{"a":'];
    for (const body of bodies) {
      server.behave(({ response }) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      );
      expect((await echo(made)).error, body).toMatchObject({ code: 'upstream_protocol' });
    }
    server.behave(({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_protocol' });
    server.behave(({ response }) => {
      openStream(response);
      response.end('data: nonsense\n\n');
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_protocol' });
    server.behave(({ response }) => {
      openStream(response);
      response.end(event({ jsonrpc: '2.0', id: 424_242, result: {} }));
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_protocol' });
  });

  test('a stream that ends without a response is a protocol error', async () => {
    server.behave(({ response }) => {
      openStream(response);
      response.end(event({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }));
    });
    const sink = await echo(await link());
    expect(sink.events).toEqual(['stream', 'message', 'error']);
    expect(sink.error).toMatchObject({ code: 'upstream_protocol' });
  });
});

describe('trouble', () => {
  test('nobody listens: unavailable', async () => {
    const made = await link();
    await server.close();
    const sink = await echo(made);
    expect(sink.error).toMatchObject({ code: 'upstream_unavailable' });
    expect(sink.error?.message).not.toMatch(/ECONN|127/);
    server = await startFastUpstream();
  });

  test('a reset before or within the answer is unavailable', async () => {
    const made = await link();
    server.behave(reset);
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
    server.behave(({ response, request }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"jsonrpc":', () => request.socket.resetAndDestroy());
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
    server.behave(({ response, request }) => {
      openStream(response);
      response.write('data: {"jsonrpc"', () => request.socket.resetAndDestroy());
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
  });

  test.each([
    ['before the headers', hang],
    [
      'within the body',
      ({ response }: { response: Parameters<typeof json>[0] }) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{');
      },
    ],
    ['on an open stream', ({ response }: { response: Parameters<typeof json>[0] }) => openStream(response)],
  ])('a hang %s ends at the deadline, and the connection is closed', async (_where, behaviour) => {
    const made = await hurried({ firstByteMs: 150, callMs: 150 });
    let closed = false;
    server.behave((received) => {
      received.request.socket.on('close', () => {
        closed = true;
      });
      behaviour(received);
    });
    const startedMs = performance.now();
    const sink = await echo(made);
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(150);
    await server.until(() => closed);
  });

  test('a dribbled body does not outlive the deadline', async () => {
    const made = await hurried({ firstByteMs: 200, callMs: 200 });
    let timer: NodeJS.Timeout | undefined;
    server.behave(({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      timer = setInterval(() => response.write(' '), 10);
    });
    const sink = await echo(made);
    clearInterval(timer);
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
  });

  test('the first byte has a deadline of its own', async () => {
    const made = await hurried({ firstByteMs: 100 });
    server.behave(hang);
    const startedMs = performance.now();
    const sink = await echo(made);
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - startedMs).toBeLessThan(3000);
  });

  test.each([
    ['that was asked for extends', { mayProgress: true }, 0, 2500],
    ['that was not asked for does not extend', {}, 0, 500],
    ['of another token does not extend', { mayProgress: true }, 1, 500],
  ])('progress %s a call past its deadline, up to the bound', async (_what, options, other, leastMs) => {
    const made = await hurried({ firstByteMs: 500, callMs: 500, callMaxMs: 2500 });
    let timer: NodeJS.Timeout | undefined;
    server.behave(({ message, response }) => {
      const notification = {
        method: 'notifications/progress',
        params: { progressToken: Number(message.id) + other, progress: 1 },
      };
      openStream(response);
      timer = setInterval(() => response.write(event({ jsonrpc: '2.0', ...notification })), 50);
    });
    const startedMs = performance.now();
    const sink = await echo(made, options);
    clearInterval(timer);
    const tookMs = performance.now() - startedMs;
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
    expect(tookMs).toBeGreaterThanOrEqual(leastMs);
    expect(tookMs).toBeLessThan(leastMs === 2500 ? 5000 : 2400);
  });

  test('a result over the bound is refused, announced or not, as JSON or as an event', async () => {
    const made = await link();
    const big = 'x'.repeat(200_000);
    server.behave(({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, result: { big } }),
    );
    expect((await echo(made, { maxBytes: 100_000 })).error).toMatchObject({ code: 'result_too_large' });
    server.behave(({ message, response }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { big } }));
    });
    expect((await echo(made, { maxBytes: 100_000 })).error).toMatchObject({ code: 'result_too_large' });
    server.behave(({ message, response }) => {
      openStream(response);
      response.end(event({ jsonrpc: '2.0', id: message.id, result: { big } }));
    });
    expect((await echo(made, { maxBytes: 100_000 })).error).toMatchObject({ code: 'result_too_large' });
    expect((await echo(made, { maxBytes: 300_000 })).response).toBeDefined();
  });
});

describe('taking a request back', () => {
  test('closes the stream, and nothing more is told', async () => {
    const made = await link();
    let closed = false;
    server.behave(({ request, response }) => {
      request.socket.on('close', () => {
        closed = true;
      });
      openStream(response);
    });
    const { sink, cancel } = callEcho(made);
    await sink.until(() => sink.events.includes('stream'));
    cancel('no longer wanted');
    await server.until(() => closed);
    cancel('again');
    expect(sink.events).toEqual(['stream']);
  });

  test('a request that waits for a connection is never sent', async () => {
    const made = await link({ connections: 1 });
    server.behave(hang);
    const first = callEcho(made);
    await server.until(() => server.calls === 1);
    const second = callEcho(made);
    second.cancel('no longer wanted');
    server.behave(answer);
    first.cancel('no longer wanted');
    await echo(made);
    expect(server.calls).toBe(2);
    expect(second.sink.events).toEqual([]);
  });

  test('listening has no deadline, and does not take the place of calls', async () => {
    const made = await hurried({ firstByteMs: 500, callMs: 500 }, { connections: 1 });
    server.on('subscriptions/listen', ({ response }) => {
      openStream(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged' }));
    });
    const listening = send(made, 'subscriptions/listen');
    await listening.sink.until(() => listening.sink.messages.length === 1);
    expect((await echo(made)).response).toBeDefined();
    const startedMs = performance.now();
    server.behave(hang);
    await echo(made);
    await echo(made);
    expect(performance.now() - startedMs).toBeGreaterThan(1000);
    expect(listening.sink.events).toEqual(['stream', 'message']);
  });

  test('closing the upstream fails what is in flight', async () => {
    const made = upstream();
    server.behave(hang);
    const { sink } = callEcho(await made.modern());
    await server.until(() => server.calls === 1);
    expect(made.state()).toMatchObject({ inFlight: 1, links: 1, breaker: 'none', eras: ['modern'] });
    await made.close();
    expect(sink.error).toMatchObject({ code: 'shutting_down' });
    expect(made.state().inFlight).toBe(0);
  });
});
