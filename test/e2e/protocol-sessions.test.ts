import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { startEverything } from '../support/everything/server.ts';
import { answer, type Behaviour, hang, json, openStream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const post = async (url: string, message: object, headers: Record<string, string> = {}) => {
  const reply = await request(url, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify(message),
  });
  return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
};

const initialize = (capabilities: object = {}, protocolVersion = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } },
});

const open = async (url: string, capabilities: object = {}, version?: string) => {
  const { headers, status, text } = await post(url, initialize(capabilities, version));
  expect(status, text).toBe(200);
  return { 'mcp-session-id': String(headers['mcp-session-id']) };
};

const call = (id: unknown, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

/** The time that a session may be idle has to pass; there is nothing else to wait for. */
const idleFor = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const legacyUpstream = (tools: Parameters<typeof startToolUpstream>[1]) =>
  startToolUpstream('one', tools, { eras: ['legacy'] });

describe('a call of a session', () => {
  it('is answered when its session is ended meanwhile', async () => {
    const upstream = await legacyUpstream(['slow']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const session = await open(gateway.url());
    upstream.behave(hang);
    const waiting = post(gateway.url(), call(1, 'slow'), session);
    await upstream.until(() => upstream.calls === 1);
    await request(gateway.url(), { method: 'DELETE', headers: session });
    const answered = await waiting;
    expect(answered.status).toBe(404);
    expect(JSON.parse(answered.text).error.data.code).toBe('session_not_found');
    await upstream.close();
  });

  it('ends without an answer when it is cancelled, alone and as part of a batch', async () => {
    const upstream = await legacyUpstream(['slow', 'quick']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const session = await open(gateway.url(), {}, '2025-03-26');
    const slowly: Behaviour = (received) =>
      received.message.params?.name === 'slow' ? hang(received) : answer(received);
    upstream.behave(slowly);
    const cancel = (requestId: unknown) => ({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId },
    });
    const alone = post(gateway.url(), call('a', 'slow'), session);
    await upstream.until(() => upstream.calls === 1);
    await post(gateway.url(), cancel('a'), session);
    expect((await alone).status).toBe(202);
    const batch = post(gateway.url(), [call('b', 'slow'), call('c', 'quick')], session);
    await upstream.until(() => upstream.calls === 3);
    await post(gateway.url(), cancel('b'), session);
    expect(JSON.parse((await batch).text).map(({ id }: { id: unknown }) => id)).toEqual(['c']);
    await upstream.until(
      () => upstream.log.filter(({ message }) => message.method === 'notifications/cancelled').length === 2,
    );
    await upstream.close();
  });

  it('cannot use the id of one that still waits', async () => {
    const upstream = await legacyUpstream(['slow']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
    const session = await open(gateway.url());
    upstream.behave(hang);
    const first = post(gateway.url(), call(1, 'slow'), session);
    await upstream.until(() => upstream.calls === 1);
    expect((await post(gateway.url(), call(1, 'slow'), session)).status).toBe(400);
    expect(upstream.calls).toBe(1);
    await request(gateway.url(), { method: 'DELETE', headers: session });
    await first;
    await upstream.close();
  });

  it('is answered with an error of its own where a batch uses one id twice', async () => {
    const upstream = await legacyUpstream(['quick']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
    const session = await open(gateway.url(), {}, '2025-03-26');
    const { status, text } = await post(gateway.url(), [call('a', 'quick'), call('a', 'quick')], session);
    expect(status).toBe(200);
    const answers = JSON.parse(text) as { error?: { code: number } }[];
    expect(answers.map(({ error }) => error?.code)).toEqual(expect.arrayContaining([undefined, -32600]));
    expect(upstream.calls).toBe(1);
    await upstream.close();
  });

  it('keeps its session alive while it runs, however short the idle time is', async () => {
    const upstream = await legacyUpstream(['slow']);
    await using gateway = await startTestGateway(
      configuration({ one: upstream.url }, { sessions: { idle: '1500ms' } }),
    );
    const session = await open(gateway.url());
    let release = () => {};
    upstream.behave((received) => {
      release = () => answer(received);
    });
    const running = post(gateway.url(), call(1, 'slow'), session);
    await upstream.until(() => upstream.calls === 1);
    await idleFor(2_000);
    expect((await post(gateway.url(), { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).status).toBe(200);
    release();
    expect((await running).status).toBe(200);
    await idleFor(2_000);
    expect((await post(gateway.url(), { jsonrpc: '2.0', id: 3, method: 'ping' }, session)).status).toBe(404);
    await upstream.close();
  });

  it('is not made when its client has gone before the tool was known', async () => {
    const upstream = await startToolUpstream('one', ['write']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
    let list = () => {};
    upstream.on('tools/list', ({ message, response }) => {
      list = () =>
        json(response, {
          jsonrpc: '2.0',
          id: message.id,
          result: {
            tools: [{ name: 'write', inputSchema: { type: 'object' } }],
            ttlMs: 0,
            cacheScope: 'private',
            resultType: 'complete',
          },
        });
    });
    const gone = new AbortController();
    const abandoned = fetch(gateway.url(), {
      method: 'POST',
      signal: gone.signal,
      headers: {
        ...HEADERS,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'write',
      },
      body: JSON.stringify({
        ...call(1, 'write'),
        params: {
          name: 'write',
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    }).catch(() => undefined);
    await upstream.until(() => upstream.log.some(({ message }) => message.method === 'tools/list'));
    gone.abort();
    await abandoned;
    await expect
      .poll(async () =>
        (await gateway.metrics()).includes('gatewright_requests_in_flight{listener="main"} 0'),
      )
      .toBe(true);
    list();
    expect((await callTool(gateway.url(), 'write')).status).toBe(200);
    expect(upstream.calls).toBe(1);
    await upstream.close();
  });
});

describe('what an upstream says besides', () => {
  it('reaches a modern client only as progress and as logs that it asked for', async () => {
    const upstream = await startToolUpstream('one', ['chatty']);
    const chatter: Behaviour = ({ message, response }) => {
      openStream(response);
      const say = (value: object) =>
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...value })}\n\n`);
      say({ method: 'notifications/message', params: { level: 'info', data: 'unasked' } });
      say({ method: 'notifications/resources/updated', params: { uri: 'file:///secret' } });
      say({ method: 'notifications/strange', params: null });
      say({ id: message.id, result: { content: [], resultType: 'complete' } });
      response.end();
    };
    upstream.behave(chatter);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const { text } = await callTool(gateway.url(), 'chatty');
    expect(text).not.toMatch(/unasked|secret|strange/);
    const asked = await callTool(
      gateway.url(),
      'chatty',
      {},
      { meta: { 'io.modelcontextprotocol/logLevel': 'info' } },
    );
    expect(asked.text).toContain('unasked');
    expect(asked.text).not.toMatch(/secret|strange/);
    await upstream.close();
  });

  it('asks a client that can only fill in forms for no visit of a URL', async () => {
    const upstream = await legacyUpstream(['ask']);
    let refusal: unknown;
    upstream.behave(({ message, response }) => {
      openStream(response);
      const ask = {
        jsonrpc: '2.0',
        id: 'u1',
        method: 'elicitation/create',
        params: { mode: 'url', message: 'go', url: 'https://x.example', elicitationId: 'e' },
      };
      response.write(`data: ${JSON.stringify(ask)}\n\n`);
      void upstream
        .until(() => upstream.log.some((entry) => entry.message.id === 'u1'))
        .then(() => {
          refusal = upstream.log.find((entry) => entry.message.id === 'u1')?.message.error;
          response.end(
            `data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } })}\n\n`,
          );
        });
    });
    await using gateway = await startTestGateway(configuration({ one: upstream.url }));
    const session = await open(gateway.url(), { elicitation: {} });
    expect((await post(gateway.url(), call(1, 'ask'), session)).text).not.toContain('elicitation/create');
    expect(refusal).toMatchObject({ code: -32601 });
    await upstream.close();
  });
});

describe('rules and bounds around sessions', () => {
  it('counts initialize and server/discover on the limits like any other request', async () => {
    await using everything = await startEverything();
    const limits = { server: { limits: ['few'] }, limits: { few: { type: 'rate', rate: '2/m', key: [] } } };
    await using gateway = await startTestGateway(configuration({ everything: everything.url }, limits));
    expect((await post(gateway.url(), initialize())).status).toBe(200);
    expect((await modernRequest(gateway.url(), 'server/discover')).status).toBe(200);
    const refused = await post(gateway.url(), initialize());
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await modernRequest(gateway.url(), 'server/discover')).status).toBe(429);
  });

  it('answers a forbidden and an unknown tool with the same limit headers', async () => {
    const upstream = await startToolUpstream('one', ['secret_tool']);
    await using gateway = await startTestGateway(
      configuration(
        { one: upstream.url },
        {
          server: { limits: ['heavy'], policies: ['no'] },
          limits: { heavy: { type: 'rate', rate: '100/m', key: [], tools: ['secret_*'] } },
          policies: { no: { type: 'cel', deny: "tool.name == 'secret_tool'" } },
        },
      ),
    );
    const [forbidden, unknown] = [
      await callTool(gateway.url(), 'secret_tool'),
      await callTool(gateway.url(), 'secret_none'),
    ];
    expect(Object.keys(forbidden.headers)).toEqual(Object.keys(unknown.headers));
    await upstream.close();
  });

  it('completes nothing of a feature that is off', async () => {
    await using everything = await startEverything();
    await using gateway = await startTestGateway(
      configuration(
        { everything: everything.url },
        { server: { features: { prompts: false, resources: false } } },
      ),
    );
    const argument = { name: 'arg1', value: 'test' };
    for (const ref of [
      { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
      { type: 'ref/resource', uri: 'test://template/{id}/data' },
    ]) {
      const { body } = await modernRequest(gateway.url(), 'completion/complete', { ref, argument });
      expect(body.error).toMatchObject({ code: -32602 });
    }
  });

  it('leaves no session behind of a client that did not wait for its initialize', async () => {
    const upstream = await legacyUpstream(['a']);
    await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
    const held: (() => void)[] = [];
    let isHeld = true;
    upstream.on('initialize', ({ message, response }) => {
      const serverInfo = { name: 'u', version: '1' };
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo };
      const greet = () => json(response, { jsonrpc: '2.0', id: message.id, result });
      if (isHeld) held.push(greet);
      else greet();
    });
    const gone = new AbortController();
    const abandoned = fetch(gateway.url(), {
      method: 'POST',
      signal: gone.signal,
      headers: HEADERS,
      body: JSON.stringify(initialize()),
    }).catch(() => undefined);
    await upstream.until(() => upstream.log.some(({ message }) => message.method === 'initialize'));
    gone.abort();
    await abandoned;
    await expect
      .poll(async () =>
        (await gateway.metrics()).includes('gatewright_requests_in_flight{listener="main"} 0'),
      )
      .toBe(true);
    isHeld = false;
    for (const greet of held) greet();
    await expect.poll(async () => (await gateway.metrics()).includes('gatewright_sessions 0')).toBe(true);
    await upstream.close();
  });

  it('survives arguments that have no text of their own', async () => {
    const mirrored = { type: 'object', properties: { a: { type: 'string', 'x-mcp-header': 'A' } } };
    const upstream = await startToolUpstream('one', [{ name: 'mirror', inputSchema: mirrored }], {
      eras: ['modern'],
    });
    await using gateway = await startTestGateway(configuration({ one: upstream.url }), { tap: false });
    const odd = { a: { toString: 1, valueOf: 1 } };
    const headers = { 'mcp-param-a': '[object Object]' };
    expect((await callTool(gateway.url(), 'mirror', odd, { headers })).status).toBe(400);
    const session = await open(gateway.url());
    const answered = await post(gateway.url(), call(1, 'mirror', odd), session);
    expect(answered.status).toBe(200);
    expect(
      (await callTool(gateway.url(), 'mirror', { a: 'x' }, { headers: { 'mcp-param-a': 'x' } })).status,
    ).toBe(200);
    await upstream.close();
  });
});
