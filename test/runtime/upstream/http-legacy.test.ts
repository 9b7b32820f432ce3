import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LegacyOpening, Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
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
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { until } from './polling.ts';
import { callEcho, echo } from './recording-sink.ts';
import {
  httpNode,
  OPENING,
  onceOpen,
  rejection,
  type TestContext,
  TIMEOUTS,
  testContext,
} from './test-context.ts';

let server: FastUpstream;
let context: TestContext;
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<HttpUpstreamNode> = {}): Upstream =>
  upstreams.open(httpNode(server.url, { era: 'legacy', ...changes }), context);

const link = (opening: Partial<LegacyOpening> = {}): Promise<Link> =>
  upstream().legacy({ ...OPENING, ...opening });

/** Messages received with a method, in order. */
const received = (method: string | undefined) =>
  server.log.filter(({ message }) => message.method === method);

/** Keeps the streams that GETs open. */
const streams = (): { request: IncomingMessage; response: ServerResponse }[] => {
  const opened: { request: IncomingMessage; response: ServerResponse }[] = [];
  server.onGet((request, response) => {
    openStream(response);
    opened.push({ request, response });
  });
  return opened;
};

beforeEach(async () => {
  server = await startFastUpstream({ eras: ['legacy'] });
  context = testContext();
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

describe('opening a session', () => {
  test('initialize carries what the opening declares, and initialized follows before anything else', async () => {
    const opening = {
      capabilities: { sampling: {} },
      clientInfo: { name: 'client', version: '3' },
      protocolVersion: '2025-06-18',
    };
    const made = await link(opening);
    expect(made.peer).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'fast-upstream' } });
    expect(server.log.map(({ message }) => message.method)).toEqual([
      'initialize',
      'notifications/initialized',
    ]);
    expect(server.log[0]?.message.params).toEqual(opening);
    expect(server.log[0]?.headers).not.toHaveProperty('mcp-protocol-version');
  });

  test('later requests carry the session, the revision, the credentials and the headers of the caller', async () => {
    const made = await upstream({ bearerToken: 'token' }).legacy({
      ...OPENING,
      headers: ['x-tenant', 'blue'],
    });
    await echo(made, { headers: ['x-tenant', 'blue'] });
    const [session] = server.sessions;
    for (const { message, headers } of server.log) {
      expect(headers, message.method).toMatchObject({ authorization: 'Bearer token', 'x-tenant': 'blue' });
      if (message.method === 'initialize') continue;
      expect(headers, message.method).toMatchObject({
        'mcp-session-id': session,
        'mcp-protocol-version': '2025-11-25',
      });
    }
  });

  test('the revision is not named to servers that do not know the header', async () => {
    await echo(await link({ protocolVersion: '2025-03-26' }));
    expect(server.log.at(-1)?.headers).not.toHaveProperty('mcp-protocol-version');
  });

  test('a server without sessions is served without an id', async () => {
    await server.close();
    server = await startFastUpstream({ eras: ['legacy'], sessions: false });
    const made = await link();
    expect((await echo(made)).response).toBeDefined();
    await made.close();
    expect(server.log.at(-1)?.headers).not.toHaveProperty('mcp-session-id');
  });

  test('a reply by stream is as good', async () => {
    server.on('initialize', ({ message, response }) => {
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: {},
        instructions: 'be kind',
      };
      openStream(response);
      response.end(event({ jsonrpc: '2.0', id: message.id, result }));
    });
    expect((await link()).peer.instructions).toBe('be kind');
  });

  test.each([
    ['an error', { error: { code: -32601, message: 'no' } }],
    ['an unknown revision', { result: { protocolVersion: '2031-01-01', capabilities: {} } }],
    ['a modern revision', { result: { protocolVersion: '2026-07-28', capabilities: {} } }],
  ])('%s refuses the opening', async (_what, body) => {
    server.on('initialize', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, ...body }),
    );
    expect(await rejection(link())).toMatchObject({ code: 'upstream_protocol' });
  });

  test('a server that does not take notifications/initialized fails the opening in time, and its session is ended', async () => {
    for (const behaviour of [hang, refuse(500)]) {
      server.on('notifications/initialized', behaviour);
      const timeouts = { ...TIMEOUTS, callMs: 1_000 };
      expect(await rejection(upstream({ timeouts }).legacy(OPENING))).toMatchObject({
        code: 'upstream_protocol',
      });
      expect(server.sessions.size).toBe(0);
    }
  });

  test('a session id that is no visible ASCII is refused', async () => {
    server.on('initialize', ({ message, response }) => {
      response.setHeader('mcp-session-id', 'a b');
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {} };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
    expect(await rejection(link())).toMatchObject({ code: 'upstream_protocol' });
  });
});

describe('within a session', () => {
  test('streams bring notifications and requests before the response; answers go back by POST', async () => {
    server.behave(({ message, response }) => {
      openStream(response);
      response.write(event({ jsonrpc: '2.0', id: 'ask-1', method: 'sampling/createMessage', params: {} }));
      void server
        .until(() => server.log.some((entry) => entry.message.id === 'ask-1'))
        .then(() => response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) })));
    });
    // A single connection: the answer must not wait for the call that waits for it.
    const made = await upstream({ connections: 1 }).legacy(OPENING);
    const { sink } = callEcho(made);
    await sink.until(() => sink.messages.length === 1);
    expect(sink.messages[0]).toMatchObject({ id: 'ask-1', method: 'sampling/createMessage' });
    made.send('{"jsonrpc":"2.0","id":"ask-1","result":{"role":"assistant"}}');
    await sink.ended;
    expect(sink.events).toEqual(['stream', 'message', 'response']);
    expect(server.log.find(({ message }) => message.id === 'ask-1')?.message.result).toEqual({
      role: 'assistant',
    });
  });

  test('that may be lost are, where the upstream takes none: they hold neither connections nor memory', async () => {
    const made = await link();
    const changed = 'notifications/roots/list_changed';
    const notes = (): number => received(changed).length;
    const taking: ServerResponse[] = [];
    server.on(changed, ({ response }) => void taking.push(response));
    const note = `{"jsonrpc":"2.0","method":"${changed}"}`;
    for (let at = 0; at < 100; at += 1) made.send(note, true);
    const answers = (): number => received(undefined).length;
    made.send('{"jsonrpc":"2.0","id":"ask-1","result":{}}');
    await until(() => answers() === 1 && notes() >= 16);
    // It goes out a while after whatever was sent before.
    made.send('{"jsonrpc":"2.0","id":"ask-2","result":{}}');
    await until(() => answers() === 2);
    expect(notes()).toBe(16);
    for (const response of taking.splice(0)) response.writeHead(202).end();
    await until(() => {
      made.send(note, true);
      return notes() > 16;
    });
  });

  test('a ping of the upstream is answered by the link itself', async () => {
    server.behave(({ message, response }) => {
      openStream(response);
      response.write(event({ jsonrpc: '2.0', id: 77, method: 'ping' }));
      void server
        .until(() =>
          server.log.some((entry) => entry.message.id === 77 && entry.message.result !== undefined),
        )
        .then(() => response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) })));
    });
    const sink = await echo(await link());
    expect(sink.events).toEqual(['stream', 'response']);
  });

  test('a batch in an event is taken apart', async () => {
    server.behave(({ message, response }) => {
      openStream(response);
      const progress = {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 1, progress: 1 },
      };
      response.end(event([progress, { jsonrpc: '2.0', id: message.id, result: echoResult(message) }]));
    });
    const sink = await echo(await link({ protocolVersion: '2025-03-26' }));
    expect(sink.events).toEqual(['stream', 'message', 'response']);
  });

  test('taking a request back sends notifications/cancelled with its id and closes its stream', async () => {
    let closed = false;
    server.behave(({ response }) => {
      response.on('close', () => {
        closed = true;
      });
      openStream(response);
    });
    const made = await link();
    const { id, sink, cancel } = callEcho(made);
    await sink.until(() => sink.events.includes('stream'));
    cancel('enough');
    await server.until(() => closed && received('notifications/cancelled').length === 1);
    expect(received('notifications/cancelled')[0]?.message.params).toEqual({
      requestId: id,
      reason: 'enough',
    });
    expect(sink.events).toEqual(['stream']);
  });

  test.each([{}, { mayPause: true }])(
    'nothing is said of a request that waited for a connection, with %o',
    async (options) => {
      const made = await upstream({ connections: 1 }).legacy(OPENING);
      server.behave(hang);
      const sent = callEcho(made, options);
      await server.until(() => server.calls === 1);
      callEcho(made, options).cancel('enough');
      sent.cancel('enough');
      await server.until(() => received('notifications/cancelled').length > 0);
      server.behave(answer);
      expect((await echo(made, options)).response).toBeDefined();
      const taken = received('notifications/cancelled').map(({ message }) => message.params?.requestId);
      expect([taken, server.calls]).toEqual([[sent.id], 2]);
    },
  );

  test('a server that does not acknowledge that keeps no connection for it', async () => {
    const made = await link();
    server.behave(hang);
    const kept: IncomingMessage[] = [];
    server.on('notifications/cancelled', ({ request }) => void kept.push(request));
    for (let count = 0; count < 3; count += 1) {
      const { cancel } = callEcho(made);
      await until(() => received('tools/call').length === count + 1);
      cancel('enough');
    }
    await until(() => kept.length === 3 && kept.every(({ socket }) => socket.destroyed));
  });

  test('a deadline takes the request back too', async () => {
    server.behave(hang);
    const made = await onceOpen({ firstByteMs: 100, callMs: 100 }, (timeouts) =>
      upstream({ timeouts }).legacy(OPENING),
    );
    const sink = await echo(made);
    expect(sink.error).toMatchObject({ code: 'upstream_timeout' });
    await server.until(() => received('notifications/cancelled').length === 1);
  });
});

describe('a stream that is closed before its response', () => {
  test('is taken up again by GET with the last event id, after the time the server named', async () => {
    let closedMs = 0;
    server.behave(({ response }) => {
      openStream(response);
      closedMs = performance.now();
      response.end('id: event-7\nretry: 150\ndata:\n\n');
    });
    let resumedMs = 0;
    let lastEventId: unknown;
    const made = await link();
    server.onGet((request, response) => {
      resumedMs = performance.now();
      lastEventId = request.headers['last-event-id'];
      const { message } = server.log.findLast(({ message: each }) => each.method === 'tools/call')!;
      openStream(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: {} }));
      response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) }));
    });
    const sink = await echo(made);
    expect(sink.events).toEqual(['stream', 'suspend', 'message', 'response']);
    expect(lastEventId).toBe('event-7');
    expect(resumedMs - closedMs).toBeGreaterThan(145);
  });

  test('may be closed again and again, and by a reset', async () => {
    server.behave(({ request, response }) => {
      openStream(response);
      response.write('id: 1\nretry: 10\ndata:\n\n', () => request.socket.resetAndDestroy());
    });
    const ids: unknown[] = [];
    server.onGet((request, response) => {
      ids.push(request.headers['last-event-id']);
      const { message } = server.log.findLast(({ message: each }) => each.method === 'tools/call')!;
      openStream(response);
      if (ids.length < 3) response.end(`id: ${ids.length + 1}\ndata:\n\n`);
      else response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) }));
    });
    const sink = await echo(await link());
    expect(sink.response).toBeDefined();
    expect(ids).toEqual(['1', '2', '3']);
  });

  test('is a protocol error where no event id was seen, or the server does not resume it', async () => {
    const made = await link();
    server.behave(({ response }) => {
      openStream(response);
      response.end('retry: 10\n\n');
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_protocol' });
    server.behave(({ response }) => {
      openStream(response);
      response.end('id: 1\nretry: 10\ndata:\n\n');
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_protocol' });
  });

  test('ends at the deadline of its call, however often it is taken up', async () => {
    const made = await onceOpen({ callMs: 600 }, (timeouts) => upstream({ timeouts }).legacy(OPENING));
    let opened = 0;
    server.behave(({ response }) => {
      openStream(response);
      response.end('id: 1\nretry: 1\ndata:\n\n');
    });
    server.onGet((_request, response) => {
      opened += 1;
      openStream(response);
      response.end();
    });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_timeout' });
    const before = opened;
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_timeout' });
    expect(before).toBeGreaterThan(1);
    expect(before).toBeLessThan(20);
  });
});

describe('the GET stream', () => {
  test('brings what belongs to no request, and is taken up again where it left off', async () => {
    const opened = streams();
    const told: unknown[] = [];
    const made = await link({ listen: true });
    made.onUnsolicited = (_text, { method }) => told.push(method);
    await server.until(() => opened.length === 1);
    const first = opened[0]!;
    expect(first.request.headers).toMatchObject({
      accept: 'text/event-stream',
      'mcp-session-id': [...server.sessions][0],
    });
    first.response.write(
      `id: 41\nretry: 20\n${event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}`,
    );
    await until(() => told.length === 1);
    first.response.end();
    await server.until(() => opened.length === 2);
    expect(opened[1]?.request.headers['last-event-id']).toBe('41');
    opened[1]?.response.write(event({ jsonrpc: '2.0', id: 5, method: 'ping' }));
    opened[1]?.response.write(event({ jsonrpc: '2.0', id: 6, method: 'roots/list' }));
    await until(() => told.length === 2);
    expect(told).toEqual(['notifications/tools/list_changed', 'roots/list']);
    await server.until(() => received(undefined).some(({ message }) => message.id === 5));
  });

  test('is done without where the server has none', async () => {
    const made = await link({ listen: true });
    expect((await echo(made)).response).toBeDefined();
    expect(made.closed).toBe(false);
  });

  test('is closed with its link', async () => {
    const opened = streams();
    const made = await link({ listen: true });
    await server.until(() => opened.length === 1);
    let closed = false;
    opened[0]?.response.on('close', () => {
      closed = true;
    });
    await made.close();
    await server.until(() => closed);
    expect(opened).toHaveLength(1);
  });
});

describe('the end of a session', () => {
  test('closing deletes it, once, and fails what is in flight', async () => {
    const made = await link();
    server.behave(hang);
    const { sink } = callEcho(made);
    await server.until(() => server.calls === 1);
    await made.close();
    await made.close();
    expect(server.sessions.size).toBe(0);
    expect(sink.error).toMatchObject({ code: 'shutting_down' });
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect(upstreams.first.state().links).toBe(0);
  });

  test('a server that lost the session: the link is closed before the call fails', async () => {
    const made = await link();
    const order: string[] = [];
    made.onClosed = (reason) => order.push(`closed ${reason.code} ${made.closed}`);
    server.forgetSessions();
    const { sink } = callEcho(made);
    await sink.ended;
    order.push(`error ${sink.error?.code}`);
    expect(order).toEqual(['closed upstream_unavailable true', 'error upstream_unavailable']);
    expect(upstreams.first.state().links).toBe(0);
    expect((await echo(await upstreams.first.legacy(OPENING))).response).toBeDefined();
  });

  test('a server that says so by 400 is understood too; another 400 is relayed', async () => {
    const made = await link();
    const refusal = (message: string) => ({ jsonrpc: '2.0', id: null, error: { code: -32000, message } });
    server.behave(({ response }) => json(response, refusal('Bad Request: something else'), 400));
    expect((await echo(made)).response).toMatchObject({ error: { code: -32000 } });
    expect(made.closed).toBe(false);
    server.behave(({ response }) =>
      json(response, refusal('Bad Request: No valid session ID provided'), 400),
    );
    expect((await echo(made)).error).toMatchObject({ code: 'upstream_unavailable' });
    expect(made.closed).toBe(true);
  });

  test('a session that is refused on the GET stream is over', async () => {
    const opened = streams();
    const made = await link({ listen: true });
    const closed = new Promise((resolve) => {
      made.onClosed = resolve;
    });
    await server.until(() => opened.length === 1);
    server.onGet((_request, response) => response.writeHead(404).end());
    opened[0]?.response.end('retry: 10\n\n');
    expect(await closed).toMatchObject({ code: 'upstream_unavailable' });
  });

  test('closing the upstream deletes its sessions', async () => {
    const made = upstream();
    await made.legacy(OPENING);
    await made.legacy(OPENING);
    expect(server.sessions.size).toBe(2);
    await made.close();
    expect(server.sessions.size).toBe(0);
    expect(await rejection(made.legacy(OPENING))).toMatchObject({ code: 'shutting_down' });
  });

  test('a server that does not answer the deletion does not hold up closing for long', async () => {
    const made = await link();
    server.onDelete(() => undefined);
    const startedMs = performance.now();
    await made.close();
    expect(performance.now() - startedMs).toBeLessThan(3000);
  });

  test('calls by stream and by JSON go on over one connection', async () => {
    const made = await upstream({ connections: 1 }).legacy(OPENING);
    server.behave(answerAsStream);
    expect((await echo(made)).response).toBeDefined();
    server.behave(answer);
    expect((await echo(made)).response).toBeDefined();
  });
});
