import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { modernBody, modernHeaders, modernRequest } from './modern-client.ts';
import { WireRecord } from './wire-conversation.ts';
import { startWireTap, tapUpstream } from './wire-tap.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const startServer = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
};

const tapped = async (listener: RequestListener) => {
  const target = await startServer(listener);
  const record = new WireRecord(['server']);
  const tap = await startWireTap(target, record);
  closers.push(tap.close);
  return { url: `${tap.origin}/mcp`, tap, record };
};

const LIST = { tools: [], resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

const answering =
  (body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };

const streaming =
  (...events: readonly (string | object)[]): RequestListener =>
  (incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events)
        response.write(typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`);
      response.end();
    });
  };

const result = (value: object, id: unknown = 1) => ({ jsonrpc: '2.0', id, result: value });
const notification = (method: string, params: object) => ({ jsonrpc: '2.0', method, params });

describe('a tap', () => {
  it('passes a right exchange on unchanged and has heard both sides of it', async () => {
    const { url, record } = await tapped(answering(result(LIST), { 'x-own': 'kept' }));
    const answer = await modernRequest(url, 'tools/list');
    expect(answer.body).toEqual(result(LIST));
    expect(answer.headers['x-own']).toBe('kept');
    expect(record.violations).toEqual([]);
    expect(record.messages.map(({ from, revision }) => [from, revision])).toEqual([
      ['client', '2026-07-28'],
      ['server', '2026-07-28'],
    ]);
    expect(() => record.verify()).not.toThrow();
  });

  it.each([
    ['a result without its type', answering(result({ tools: [], ttlMs: 0, cacheScope: 'private' }))],
    ['an answer to another id', answering(result(LIST, 2))],
    ['an id of another type', answering(result(LIST, '1'))],
    ['what is no JSON', answering('<html>')],
    ['a batch', answering([result(LIST)])],
    ['another content type', answering(result(LIST), { 'content-type': 'application/x-ndjson' })],
    ['a session id', answering(result(LIST), { 'mcp-session-id': 's1' })],
    ['an event id', streaming(`id: 1\ndata: ${JSON.stringify(result(LIST))}\n\n`)],
    ['an event of another type', streaming(`event: x\ndata: ${JSON.stringify(result(LIST))}\n\n`)],
    ['a stream without an answer', streaming(': nothing\n\n')],
    ['two answers', streaming(result(LIST), result(LIST))],
    [
      'a log message that was not asked for',
      streaming(notification('notifications/message', { level: 'info', data: 1 }), result(LIST)),
    ],
    [
      'progress that was not asked for',
      streaming(notification('notifications/progress', { progressToken: 'p', progress: 1 }), result(LIST)),
    ],
    [
      'a change that was not subscribed to',
      streaming(notification('notifications/tools/list_changed', {}), result(LIST)),
    ],
    ['a request of the server', streaming({ jsonrpc: '2.0', id: 7, method: 'ping' }, result(LIST))],
  ])('catches %s', async (_, listener) => {
    const { url, record } = await tapped(listener);
    const answer = await request(url, {
      method: 'POST',
      headers: modernHeaders('tools/list', {}, {}),
      body: modernBody('tools/list'),
    });
    await answer.body.text();
    expect(record.violations).not.toEqual([]);
    expect(() => record.verify()).toThrow(/break the protocol/);
  });

  it('catches a subscription that is not acknowledged first or whose messages are not tagged', async () => {
    const tag = { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } };
    const acknowledged = notification('notifications/subscriptions/acknowledged', {
      notifications: {},
      ...tag,
    });
    const changed = notification('notifications/tools/list_changed', tag);
    const end = result({ resultType: 'complete', ...tag });
    const hear = async (...events: object[]) => {
      const { url, record } = await tapped(streaming(...events));
      await modernRequest(url, 'subscriptions/listen', { notifications: {} }, { valid: false });
      return record.violations;
    };
    expect(await hear(acknowledged, changed, end)).toEqual([]);
    expect(await hear(changed, acknowledged, end)).not.toEqual([]);
    expect(await hear(acknowledged, notification('notifications/tools/list_changed', {}), end)).not.toEqual(
      [],
    );
    expect(await hear(acknowledged, result({ resultType: 'complete' }))).not.toEqual([]);
  });

  it('passes events on as they come', async () => {
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { url } = await tapped((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"first":1}\n\n');
      void mayEnd.then(() => response.end());
    });
    const { body } = await request(url);
    const [chunk] = (await once(body, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('first');
    end();
    await once(body, 'end');
  });

  it('ends both ways when one side goes away', async () => {
    const { promise: gone, resolve: goes } = Promise.withResolvers<void>();
    const left = await tapped((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      response.on('close', goes);
    });
    const aborting = new AbortController();
    const { body } = await request(left.url, { signal: aborting.signal });
    body.on('error', () => undefined);
    aborting.abort();
    await gone;

    const cut = await tapped((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"half":', () => response.destroy());
    });
    const half = await request(cut.url);
    await expect(half.body.text()).rejects.toThrow();
    expect(cut.record.violations).toEqual([]);
  });

  it('cuts the streams of clients when told to', async () => {
    const { url, tap } = await tapped((incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    const { body } = await request(url);
    const failed = once(body, 'error');
    tap.dropStreams();
    await failed;
  });
});

describe('a tap on a session', () => {
  const INITIALIZED = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    serverInfo: { name: 's', version: '1' },
  };
  const post = async (url: string, message: object, session?: string) => {
    const answer = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== undefined && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' }),
      },
      body: JSON.stringify(message),
    });
    await answer.body.text();
  };
  const initialize = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
  };
  const serving = (ping: object): RequestListener => {
    const first = answering(result(INITIALIZED, 0), { 'mcp-session-id': 's1' });
    return (incoming, response) =>
      (incoming.headers['mcp-session-id'] === undefined ? first : answering(ping))(incoming, response);
  };

  it('holds what follows against the negotiated revision', async () => {
    const { url, record } = await tapped(serving(result({}, 1)));
    await post(url, initialize);
    await post(url, { jsonrpc: '2.0', id: 1, method: 'ping' }, 's1');
    expect(record.violations).toEqual([]);
    expect(record.messages.map(({ revision }) => revision)).toEqual([
      '2025-11-25',
      '2025-06-18',
      '2025-06-18',
      '2025-06-18',
    ]);
  });

  it('catches an empty result that is not empty', async () => {
    const { url, record } = await tapped(serving(result({ resultType: 'complete' }, 1)));
    await post(url, initialize);
    await post(url, { jsonrpc: '2.0', id: 1, method: 'ping' }, 's1');
    expect(record.violations).toHaveLength(1);
  });
});

describe('a tap before an upstream', () => {
  it('catches a client whose headers and body disagree, and one that sends what its revision lacks', async () => {
    const target = await startServer(answering(result(LIST)));
    const right = await tapUpstream(target);
    await modernRequest(right.url, 'tools/list');
    expect(right.violations).toEqual([]);
    await right.close();

    const wrong = await tapUpstream(target);
    await modernRequest(
      wrong.url,
      'tools/list',
      {},
      { headers: { 'mcp-method': 'tools/call' }, valid: false },
    );
    await modernRequest(
      wrong.url,
      'tools/call',
      { name: 't' },
      { headers: { 'mcp-name': undefined }, valid: false },
    );
    await modernRequest(
      wrong.url,
      'tools/list',
      {},
      { headers: { accept: 'application/json' }, valid: false },
    );
    await modernRequest(wrong.url, 'ping', {}, { valid: false });
    expect(wrong.violations).toHaveLength(4);
    await expect(wrong.close()).rejects.toThrow(/4 messages break the protocol/);
  });
});
