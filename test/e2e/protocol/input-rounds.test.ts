import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type Behaviour, type FastUpstream, json, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  legacyMessage,
  legacyRequest,
  openSession,
  type SessionOptions,
  streamedRequest,
} from '../../support/legacy-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

let upstream: FastUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startToolUpstream('asks', ['ask'], { eras: ['modern'] });
  gateway = await startTestGateway(configuration({ asks: upstream.url }));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const FORM = {
  message: 'Who?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
};
const ROOTS = { roots: { method: 'roots/list' } };

const complete = (message: { id?: unknown }, said = 'done') => ({
  jsonrpc: '2.0',
  id: message.id,
  result: { resultType: 'complete', content: [{ type: 'text', text: said }] },
});

/** Asks in the first round, answers in the second. */
const asksOnce =
  (asked: object): Behaviour =>
  ({ message, response }) => {
    const again = message.params?.inputResponses !== undefined || message.params?.requestState !== undefined;
    const result = { resultType: 'input_required', ...asked };
    json(response, again ? complete(message) : { jsonrpc: '2.0', id: message.id, result });
  };

const asksForEver =
  (asked: object): Behaviour =>
  ({ message, response }) =>
    json(response, { jsonrpc: '2.0', id: message.id, result: { resultType: 'input_required', ...asked } });

/** The calls that the upstream got since it was told how to behave. */
const behave = (behaviour: Behaviour) => {
  const before = upstream.log.length;
  upstream.behave(behaviour);
  return () =>
    upstream.log
      .slice(before)
      .map(({ message }) => message)
      .filter(({ method }) => method === 'tools/call');
};

const open = (options: SessionOptions = {}) =>
  openSession(gateway.url(), {}, { capabilities: ALL, ...options });

const call = (session: Readonly<Record<string, string>>, id: number | string = 1) =>
  streamedRequest(gateway.url(), session, {
    id,
    method: 'tools/call',
    params: { name: 'ask', arguments: { deep: { n: 1 } } },
  });

const answer = (session: Readonly<Record<string, string>>, id: unknown, result: object) =>
  legacyMessage(gateway.url(), session, { id, result });

const isAsk = ({ id, method }: { id?: unknown; method?: string }) => id !== undefined && method !== undefined;

describe('a call that is made again with what was asked for', () => {
  it('has the keys and the state of the upstream as they were, and all else as it was', async () => {
    const state = '"a\\u0062 \\/ \\ud83d\\ude00"';
    const raw = `{"resultType":"input_required","requestState":${state},"inputRequests":{"k\\u0065y/1":{"method":"roots/list"}}}`;
    const texts: string[] = [];
    const calls = behave(({ message, request, response, count }) => {
      texts.push(String(request.headers['mcp-name']));
      if (count > 1) json(response, complete(message));
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":${String(message.id)},"result":${raw}}`);
    });
    const session = await open();
    const stream = await call(session, 'c');
    const ask = await stream.message(isAsk);
    expect(ask).toEqual({ jsonrpc: '2.0', id: expect.any(String), method: 'roots/list' });
    await answer(session, ask.id, { roots: [{ uri: 'file:///a' }] });
    const { result } = await stream.message(({ id }) => id === 'c');
    expect(result.content[0].text).toBe('done');
    const [first, second] = calls();
    const { inputResponses, requestState, ...again } = second!.params as Record<string, unknown>;
    expect(inputResponses).toEqual({ 'key/1': { roots: [{ uri: 'file:///a' }] } });
    expect(requestState).toBe(JSON.parse(state));
    expect(again).toEqual(first!.params);
    expect(second!.id).not.toBe(first!.id);
    expect(texts).toEqual(['ask', 'ask']);
  });

  it('has no state where the upstream gave none, and no answers where it asked nothing', async () => {
    const session = await open();
    const bare = behave(asksOnce({ inputRequests: ROOTS }));
    const stream = await call(session);
    await answer(session, (await stream.message(isAsk)).id, { roots: [] });
    await stream.message(({ id }) => id === 1);
    expect(bare()[1]!.params).not.toHaveProperty('requestState');
    const paced = behave(asksOnce({ requestState: 'later' }));
    const startedMs = performance.now();
    const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'ask' }, session);
    expect(JSON.parse(text).result.content[0].text).toBe('done');
    expect(performance.now() - startedMs).toBeGreaterThan(200);
    expect(paced()[1]!.params).toMatchObject({ requestState: 'later' });
    expect(paced()[1]!.params).not.toHaveProperty('inputResponses');
  });

  it('is no answer to anything where the client made it up itself', async () => {
    const calls = behave(asksOnce({ inputRequests: ROOTS, requestState: 's' }));
    const session = await open();
    const forged = { inputResponses: { roots: { roots: [] } }, name: 'ask', requestState: 'forged' };
    const stream = await streamedRequest(gateway.url(), session, {
      id: 1,
      method: 'tools/call',
      params: forged,
    });
    await answer(session, (await stream.message(isAsk)).id, { roots: [{ uri: 'file:///a' }] });
    await stream.message(({ id }) => id === 1);
    const [first, second] = calls();
    expect(Object.keys(first!.params!).sort()).toEqual(['_meta', 'name']);
    expect(second!.params).toMatchObject({
      requestState: 's',
      inputResponses: { roots: { roots: [{ uri: 'file:///a' }] } },
    });
  });

  it('goes on with what the user declined', async () => {
    const calls = behave(
      asksOnce({ inputRequests: { who: { method: 'elicitation/create', params: FORM } } }),
    );
    const session = await open();
    const stream = await call(session);
    await answer(session, (await stream.message(isAsk)).id, { action: 'decline' });
    await stream.message(({ id }) => id === 1);
    expect(calls()[1]!.params).toMatchObject({ inputResponses: { who: { action: 'decline' } } });
  });

  it('is made again so often and no more', async () => {
    const calls = behave(asksForEver({ inputRequests: ROOTS, requestState: 's' }));
    const session = await open();
    const stream = await call(session);
    const answered = new Set<unknown>();
    for (;;) {
      const next = await stream.message(
        (message) => message.id === 1 || (isAsk(message) && !answered.has(message.id)),
      );
      if (next.id === 1) {
        expect(next.result).toMatchObject({ isError: true });
        expect(next.result.content[0].text).toContain('8 times');
        break;
      }
      answered.add(next.id);
      await answer(session, next.id, { roots: [] });
    }
    expect(answered.size).toBe(8);
    expect(calls()).toHaveLength(9);
  });
});

describe('a call whose upstream asks for what the client cannot give', () => {
  const refused = async (inputRequests: object, options: SessionOptions) => {
    behave(asksForEver({ inputRequests }));
    const session = await open(options);
    const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'ask' }, session);
    return JSON.parse(text).result;
  };
  const url = {
    go: { method: 'elicitation/create', params: { mode: 'url', message: 'm', url: 'https://x.example' } },
  };
  const tools = {
    t: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, tools: [] } },
  };

  it.each([
    ['roots', ROOTS, { capabilities: {} }, 'roots'],
    ['a URL of a client with forms', url, { capabilities: { elicitation: {} } }, 'URLs'],
    [
      'a URL of an older client',
      url,
      { version: '2025-06-18', capabilities: { elicitation: { url: {} } } },
      'URLs',
    ],
    ['sampling with tools', tools, {}, 'with tools'],
    ['a method that is none', { x: { method: 'tools/call', params: {} } }, {}, 'tools/call'],
  ])('fails as a tool does: %s', async (_what, requests, options, said) => {
    const result = await refused(requests, options);
    expect(result.isError).toBe(true);
    expect(result.content[0].text).toContain(said);
  });

  it('is asked nothing at all where one of several things cannot be had', async () => {
    behave(asksForEver({ inputRequests: { ...ROOTS, ...tools } }));
    const session = await open();
    const { text, headers } = await legacyRequest(gateway.url(), 'tools/call', { name: 'ask' }, session);
    expect(headers['content-type']).toContain('application/json');
    expect(JSON.parse(text).result.isError).toBe(true);
  });

  it.each([
    ['no request', { inputRequests: { a: 7 } }],
    ['nothing', {}],
  ])('is an upstream that does not speak the protocol where it asks for %s', async (_what, asked) => {
    behave(asksForEver(asked));
    const session = await open();
    const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'ask' }, session);
    expect(JSON.parse(text).error.data.code).toBe('upstream_protocol');
  });

  it('is told of a prompt and of a resource by an error', async () => {
    const asking: Behaviour = ({ message, response }) => {
      const result = { resultType: 'input_required', inputRequests: ROOTS };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    };
    const cached = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    upstream.on('prompts/list', ({ message, response }) =>
      json(response, { jsonrpc: '2.0', id: message.id, result: { prompts: [{ name: 'p' }], ...cached } }),
    );
    upstream.on('resources/list', ({ message, response }) =>
      json(response, {
        jsonrpc: '2.0',
        id: message.id,
        result: { resources: [{ uri: 'a://b', name: 'b' }], ...cached },
      }),
    );
    upstream.on('prompts/get', asking);
    upstream.on('resources/read', asking);
    const session = await open({ capabilities: {} });
    for (const [method, params] of [
      ['prompts/get', { name: 'p' }],
      ['resources/read', { uri: 'a://b' }],
    ] as const) {
      const { text } = await legacyRequest(gateway.url(), method, params, session);
      expect(JSON.parse(text).error).toMatchObject({
        message: expect.stringContaining('roots'),
        data: { code: 'input_unavailable' },
      });
    }
  });

  it('fails clearly within a batch, which has no stream to ask on', async () => {
    const calls = behave(asksForEver({ inputRequests: ROOTS }));
    const session = await open({ version: '2025-03-26' });
    const { 'mcp-protocol-version': _, ...headers } = session;
    const batch = [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask' } }];
    const reply = await fetch(gateway.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(batch),
    });
    const [{ result }] = (await reply.json()) as [
      { result: { isError: boolean; content: { text: string }[] } },
    ];
    expect(result.isError).toBe(true);
    expect(result.content[0]!.text).toContain('batch');
    const meta = calls()[0]!.params!._meta as Record<string, unknown>;
    expect(meta['io.modelcontextprotocol/clientCapabilities']).toEqual({});
  });
});

describe('a call that waits for the client', () => {
  const waiting = async (inputRequests: object) => {
    const calls = behave(asksOnce({ inputRequests }));
    const session = await open();
    const stream = await call(session);
    return { calls, session, stream, ask: await stream.message(isAsk) };
  };

  it('ends by the error that the client answers with, and takes back what else was asked', async () => {
    const both = { ...ROOTS, more: { method: 'roots/list' } };
    const { session, stream, ask, calls } = await waiting(both);
    const other = await stream.message((message) => isAsk(message) && message.id !== ask.id);
    await legacyMessage(gateway.url(), session, { id: ask.id, error: { code: -1, message: 'not now' } });
    const { result } = await stream.message(({ id }) => id === 1);
    expect(result).toMatchObject({ isError: true });
    expect(result.content[0].text).toContain('not now');
    expect(stream.messages.find(({ method }) => method === 'notifications/cancelled').params.requestId).toBe(
      other.id,
    );
    expect(calls()).toHaveLength(1);
  });

  it('ends without an answer when the client takes it back', async () => {
    const { session, stream, ask, calls } = await waiting(ROOTS);
    await legacyMessage(gateway.url(), session, {
      method: 'notifications/cancelled',
      params: { requestId: 1 },
    });
    expect(await stream.over).toBe('ended');
    expect(stream.messages.map(({ method }) => method)).toEqual(['roots/list', 'notifications/cancelled']);
    await answer(session, ask.id, { roots: [] });
    expect(calls()).toHaveLength(1);
    behave(({ message, response }) => json(response, complete(message)));
    const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'ask' }, session);
    expect(JSON.parse(text).result.content[0].text).toBe('done');
  });

  it('ends with its session', async () => {
    const { session, stream, calls } = await waiting(ROOTS);
    await fetch(gateway.url(), { method: 'DELETE', headers: session });
    const { error } = await stream.message(({ id }) => id === 1);
    expect(error.data.code).toBe('session_not_found');
    expect(calls()).toHaveLength(1);
  });

  it('is not given the answers of another session', async () => {
    const { session, stream, ask, calls } = await waiting(ROOTS);
    const other = await open();
    await answer(other, ask.id, { roots: [{ uri: 'file:///forged' }] });
    expect(calls()).toHaveLength(1);
    await answer(session, ask.id, { roots: [] });
    await stream.message(({ id }) => id === 1);
    expect(calls()[1]!.params).toMatchObject({ inputResponses: { roots: { roots: [] } } });
  });

  it('is one of several of its session, each with answers of its own', async () => {
    behave(({ message, response }) => {
      const { inputResponses } = message.params as {
        inputResponses?: { roots: { roots: { uri: string }[] } };
      };
      const asks = { resultType: 'input_required', inputRequests: ROOTS };
      const said = inputResponses?.roots.roots[0]?.uri;
      json(
        response,
        said === undefined ? { jsonrpc: '2.0', id: message.id, result: asks } : complete(message, said),
      );
    });
    const session = await open();
    const streams = await Promise.all([1, 2, 3].map((id) => call(session, id)));
    const asks = await Promise.all(streams.map((stream) => stream.message(isAsk)));
    for (const at of [2, 0, 1]) await answer(session, asks[at].id, { roots: [{ uri: `file:///${at}` }] });
    const said = await Promise.all(
      streams.map(
        async (stream, at) => (await stream.message(({ id }) => id === at + 1)).result.content[0].text,
      ),
    );
    expect(said).toEqual(['file:///0', 'file:///1', 'file:///2']);
  });
});

describe('a form for a client of 2025-06-18', () => {
  it('is in the words of that revision, and its answer in those of the upstream', async () => {
    const properties = { colours: { type: 'array', items: { type: 'string', enum: ['r', 'g'] } } };
    const params = { mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties } };
    const calls = behave(asksOnce({ inputRequests: { which: { method: 'elicitation/create', params } } }));
    const session = await open({ version: '2025-06-18' });
    const stream = await call(session);
    const ask = await stream.message(isAsk);
    expect(Object.keys(ask.params.requestedSchema.properties)).toEqual(['colours.r', 'colours.g']);
    expect(ask.params).not.toHaveProperty('mode');
    await answer(session, ask.id, { action: 'accept', content: { 'colours.g': true } });
    await stream.message(({ id }) => id === 1);
    expect(calls()[1]!.params).toMatchObject({
      inputResponses: { which: { action: 'accept', content: { colours: ['g'] } } },
    });
  });
});

describe('a URL for a client of 2025-11-25', () => {
  it('comes with an id, and the call goes on with the consent', async () => {
    const params = { mode: 'url', message: 'Sign in', url: 'https://x.example/' };
    const calls = behave(asksOnce({ inputRequests: { go: { method: 'elicitation/create', params } } }));
    const session = await open();
    const stream = await call(session);
    const ask = await stream.message(isAsk);
    expect(ask.params).toEqual({ ...params, elicitationId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    await answer(session, ask.id, { action: 'accept' });
    await stream.message(({ id }) => id === 1);
    expect(calls()[1]!.params).toMatchObject({ inputResponses: { go: { action: 'accept' } } });
  });
});

describe('progress over several rounds', () => {
  it('never goes back, whatever each round counts from', async () => {
    behave(({ message, response }) => {
      const { progressToken } = message.params!._meta as { progressToken: unknown };
      const again = message.params?.inputResponses !== undefined;
      openStream(response);
      for (const progress of again ? [1, 2, 3] : [1, 2]) {
        const params = { progressToken, progress };
        response.write(
          `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`,
        );
      }
      const asks = { resultType: 'input_required', inputRequests: ROOTS };
      const last = again ? complete(message) : { jsonrpc: '2.0', id: message.id, result: asks };
      response.end(`data: ${JSON.stringify(last)}\n\n`);
    });
    const session = await open();
    const stream = await streamedRequest(gateway.url(), session, {
      id: 1,
      method: 'tools/call',
      params: { name: 'ask', _meta: { progressToken: 'p' } },
    });
    await answer(session, (await stream.message(isAsk)).id, { roots: [] });
    await stream.message(({ id }) => id === 1);
    const told = stream.messages.filter(({ method }) => method === 'notifications/progress');
    expect(told.map(({ params }) => params)).toEqual([
      { progressToken: 'p', progress: 1 },
      { progressToken: 'p', progress: 2 },
      { progressToken: 'p', progress: 3 },
    ]);
  });
});
