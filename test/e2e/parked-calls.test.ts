import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ABLE,
  ableCall,
  ableRequest,
  answersTo,
  askedBy,
  keysOf,
  messagesOf,
  named,
  outcomeOf,
  retryCall,
} from '../support/asking.ts';
import { configuration } from '../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { legacyMessage, openSession, streamedRequest } from '../support/legacy-client.ts';
import { callTool, toolNames } from '../support/modern-client.ts';
import { tapUpstream, type UpstreamTap } from '../support/wire-tap.ts';
import { type AskingUpstream, startAskingUpstream } from './clients/upstreams/asking-http.ts';

let upstream: AskingUpstream;
let tap: UpstreamTap;
let gateway: TestGateway;
let url: string;

beforeAll(async () => {
  upstream = await startAskingUpstream();
  tap = await tapUpstream(upstream.url);
  gateway = await startTestGateway(configuration({ asking: tap.url }));
  url = gateway.url();
});
beforeEach(() => upstream.resetCounts());
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await upstream[Symbol.asyncDispose]();
});

describe('a call that its upstream asks something of', () => {
  it('ends for now with the question, and goes on with the answer that a retry brings', async () => {
    const args = { item: 'tea' };
    const asked = askedBy(await ableCall(url, 'order', args));
    expect(Object.values(asked.inputRequests)).toEqual([
      {
        method: 'elicitation/create',
        params: {
          message: 'Who orders tea?',
          requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
        },
      },
    ]);
    const answered = await retryCall(url, 'order', args, asked, answersTo(asked, named('Ada')));
    expect(answered.body.id).toBe('again');
    expect(outcomeOf(answered)).toEqual(named('Ada'));
    expect(upstream.executed.get('order')).toBe(1);
  });

  it('knows its parameters again whatever their order', async () => {
    const asked = askedBy(await ableCall(url, 'order', { item: 'tea', n: { a: 1, b: [2] } }));
    const args = { n: { b: [2], a: 1 }, item: 'tea' };
    const answered = await retryCall(url, 'order', args, asked, answersTo(asked, named('Ada')));
    expect(outcomeOf(answered)).toEqual(named('Ada'));
  });

  it('may be asked again and again', async () => {
    let answered = await ableCall(url, 'rounds', { n: 3 });
    for (const round of [1, 2, 3]) {
      const asked = askedBy(answered);
      expect(messagesOf(asked)).toEqual([`Round ${round}`]);
      answered = await retryCall(url, 'rounds', { n: 3 }, asked, answersTo(asked, named(`${round}`)));
    }
    expect(outcomeOf(answered)).toEqual([named('1'), named('2'), named('3')]);
    expect(upstream.executed.get('rounds')).toBe(1);
  });

  it('is asked together what comes together, and again for what a retry leaves out', async () => {
    const args = { n: 3 };
    const first = askedBy(await ableCall(url, 'together', args));
    expect(messagesOf(first)).toEqual(['Question 0', 'Question 1', 'Question 2']);
    const [one, two, three] = keysOf(first) as [string, string, string];
    const some = { [two]: named('two'), unknown: named('nobody') };
    const second = askedBy(await retryCall(url, 'together', args, first, some));
    expect(keysOf(second)).toEqual([one, three]);
    const third = askedBy(await retryCall(url, 'together', args, second, { [one]: 'no object' }));
    expect(keysOf(third)).toEqual([one, three]);
    const rest = { [one]: named('one'), [three]: named('three') };
    const answered = await retryCall(url, 'together', args, third, rest);
    expect(outcomeOf(answered)).toEqual([named('one'), named('two'), named('three')]);
  });

  it('is asked in the next round what comes meanwhile', async () => {
    const first = askedBy(await ableCall(url, 'later'));
    expect(messagesOf(first)).toEqual(['First']);
    upstream.events.emit('go');
    await expect.poll(() => tap.messages.filter(isQuestion('Second')).length).toBe(1);
    const second = askedBy(await retryCall(url, 'later', {}, first, answersTo(first, named('one'))));
    expect(messagesOf(second)).toEqual(['Second']);
    const answered = await retryCall(url, 'later', {}, second, answersTo(second, named('two')));
    expect(outcomeOf(answered)).toEqual([named('one'), named('two')]);
  });

  it('is asked anew by a retry without answers, with a state of its own', async () => {
    const first = askedBy(await ableCall(url, 'order', { item: 'tea' }));
    const second = askedBy(await retryCall(url, 'order', { item: 'tea' }, first, {}));
    expect(second.inputRequests).toEqual(first.inputRequests);
    expect(second.requestState).not.toBe(first.requestState);
    const stale = await retryCall(url, 'order', { item: 'tea' }, first, answersTo(first, named('Eve')));
    expect(stale.body.error).toMatchObject({ code: -32602, data: { code: 'state_refused' } });
    const answered = await retryCall(url, 'order', { item: 'tea' }, second, answersTo(second, named('Ada')));
    expect(outcomeOf(answered)).toEqual(named('Ada'));
  });

  it('gets a result that came before the answer', async () => {
    const asked = askedBy(await ableCall(url, 'hasty'));
    upstream.events.emit('go');
    await expect.poll(() => tap.messages.some(isResultOf('did not wait'))).toBe(true);
    expect(outcomeOf(await retryCall(url, 'hasty', {}, asked, {}))).toBe('did not wait');
  });

  it('hears of progress and logs only while it is there', async () => {
    const quiet = { meta: { progressToken: 'first', 'io.modelcontextprotocol/logLevel': 'error' } };
    const first = await ableCall(url, 'noisy', {}, quiet);
    const asked = askedBy(first);
    upstream.events.emit('go');
    await expect.poll(() => tap.messages.filter(isLog(2)).length).toBe(1);
    const loud = { meta: { ...quiet.meta, progressToken: 'second' } };
    const second = await retryCall(url, 'noisy', {}, asked, answersTo(asked, named('Ada')), loud);
    expect(outcomeOf(second)).toEqual(named('Ada'));
    expect(heardBy(first.text)).toEqual([{ progressToken: 'first', progress: 1 }, 1]);
    expect(heardBy(second.text)).toEqual([{ progressToken: 'second', progress: 3 }, 3]);
  });
});

describe('calls of sessions that are asked something', () => {
  it('leave to calls of modern clients the connections that they had', async () => {
    await using few = await startTestGateway(
      configuration({ asking: upstream.url }, { upstream: { connections: 2, timeouts: { call: '5s' } } }),
    );
    const session = await openSession(few.url(), {}, { capabilities: { elicitation: {} } });
    for (let id = 1; id <= 3; id += 1) {
      const params = { name: 'order', arguments: { item: 'tea' } };
      const stream = await streamedRequest(few.url(), session, { id, method: 'tools/call', params });
      const question = await stream.message(({ method }) => method === 'elicitation/create');
      await legacyMessage(few.url(), session, { id: question.id, result: named('Ada') });
      await stream.message((message) => message.id === id && message.result !== undefined);
    }
    const asked = askedBy(await ableCall(few.url(), 'order', { item: 'tea' }));
    const answers = answersTo(asked, named('Ada'));
    const answered = await retryCall(few.url(), 'order', { item: 'tea' }, asked, answers);
    expect(outcomeOf(answered)).toEqual(named('Ada'));
  });
});

describe('what can be asked', () => {
  it.each([
    ['prompts/get', { name: 'greet' }, 'Whom?'],
    ['resources/read', { uri: 'note://one' }, 'Whose note?'],
  ])('comes of %s too', async (method, params, question) => {
    const asked = askedBy(await ableRequest(url, method, params));
    expect(messagesOf(asked)).toEqual([question]);
    const retry = {
      ...params,
      requestState: asked.requestState,
      inputResponses: answersTo(asked, named('Ada')),
    };
    const { body } = await ableRequest(url, method, retry);
    expect(JSON.stringify(body.result)).toContain('Ada');
    expect(body.result.resultType).toBe('complete');
  });

  it('does not come of a completion, which goes on without', async () => {
    const params = { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: '' } };
    const { body } = await ableRequest(url, 'completion/complete', params);
    expect(body.result.completion.values).toEqual([JSON.stringify({ refused: -32601 })]);
  });

  it.each([
    ['nothing', {}],
    ['another kind', { roots: {}, sampling: {} }],
    ['another mode', { elicitation: { url: {} } }],
  ])('is refused for a client that declares %s', async (_what, capabilities) => {
    const answered = await callTool(url, 'order', { item: 'tea' }, { capabilities });
    expect(outcomeOf(answered)).toMatchObject({ refused: expect.any(Number) });
  });

  it('is what the retry declares, where that is less', async () => {
    const first = askedBy(await ableCall(url, 'rounds', { n: 2 }));
    const less = { capabilities: { elicitation: { url: {} } } };
    const answered = await retryCall(url, 'rounds', { n: 2 }, first, answersTo(first, named('Ada')), less);
    expect(outcomeOf(answered)).toEqual([named('Ada'), { refused: -32601 }]);
  });

  it('is nothing that features leave out', async () => {
    const server = { features: { elicitation: false } };
    await using plain = await startTestGateway(configuration({ asking: upstream.url }, { server }));
    expect(outcomeOf(await ableCall(plain.url(), 'order'))).toMatchObject({ refused: expect.any(Number) });
    expect(upstream.declared.at(-1)).not.toHaveProperty('elicitation');
  });

  it('says whose question it is where a server has several upstreams', async () => {
    await using second = await startAskingUpstream();
    const expose = [{ upstream: 'asking' }, { upstream: 'other', prefix: 'o_' }];
    await using both = await startTestGateway(
      configuration({ asking: upstream.url, other: second.url }, { expose }),
    );
    const asked = askedBy(await ableCall(both.url(), 'o_order', { item: 'tea' }));
    expect(messagesOf(asked)).toEqual(['[other] Who orders tea?']);
    const answered = await retryCall(
      both.url(),
      'o_order',
      { item: 'tea' },
      asked,
      answersTo(asked, named('Ada')),
    );
    expect(outcomeOf(answered)).toEqual(named('Ada'));
  });

  it('may come outside the stream of the call, if there is one call only', async () => {
    const asked = askedBy(await ableCall(url, 'unrelated'));
    const second = await ableCall(url, 'unrelated');
    expect(outcomeOf(second)).toEqual({ refused: -32601 });
    const answered = await retryCall(url, 'unrelated', {}, asked, answersTo(asked, named('Ada')));
    expect(outcomeOf(answered)).toEqual(named('Ada'));
  });
});

describe('conversations with a legacy upstream', () => {
  it('are told what their clients can be asked, and shared by those who can be asked the same', async () => {
    await using before = await startTestGateway(configuration({ asking: upstream.url }));
    const known = upstream.declared.length;
    const ask = (capabilities: object) => toolNames(before.url(), { capabilities });
    await ask({ elicitation: { form: {}, url: {} }, sampling: {}, extensions: { a: {} } });
    await ask({ sampling: {}, experimental: {}, elicitation: { url: {}, form: {} } });
    await ask({ elicitation: {} });
    await ask({ elicitation: { form: { any: 'thing' } } });
    await ask({});
    await ask({ experimental: {} });
    expect(upstream.declared.slice(known)).toEqual([
      { elicitation: { form: {}, url: {} }, sampling: {} },
      { elicitation: { form: {} } },
      {},
    ]);
  });

  it('are ended, and deleted upstream, when nobody has used them for the idle time', async () => {
    await using own = await startAskingUpstream();
    const upstreams = { timeouts: { idle: '100ms' } };
    await using idle = await startTestGateway(configuration({ asking: own.url }, { upstream: upstreams }));
    const asked = askedBy(await ableCall(idle.url(), 'order', { item: 'tea' }));
    await toolNames(idle.url());
    await expect.poll(() => own.sessions.size, { timeout: 10_000 }).toBe(1);
    const answered = await retryCall(
      idle.url(),
      'order',
      { item: 'tea' },
      asked,
      answersTo(asked, named('Ada')),
    );
    expect(outcomeOf(answered)).toEqual(named('Ada'));
    await expect.poll(() => own.sessions.size, { timeout: 10_000 }).toBe(0);
    expect(await toolNames(idle.url())).toContain('order');
  });

  it('are begun anew where the upstream has forgotten them, and the call is made once', async () => {
    expect(outcomeOf(await ableCall(url, 'link', { urls: [] }))).toBe('linked');
    upstream.forgetSessions();
    expect(outcomeOf(await ableCall(url, 'link', { urls: [] }))).toBe('linked');
    expect(upstream.executed.get('link')).toBe(2);
    upstream.forgetSessions();
    expect(await toolNames(url, { capabilities: ABLE })).toContain('order');
  });
});

describe('bounds of calls that wait for input', () => {
  it('hold for one caller: a call beyond them is refused, and taken back upstream', async () => {
    const sessions = { parked: { maxPerPrincipal: 1 } };
    await using small = await startTestGateway(configuration({ asking: upstream.url }, { sessions }));
    const asked = askedBy(await ableCall(small.url(), 'order', { item: 'tea' }));
    const cancelled = once(upstream.events, 'cancelled');
    const { body } = await ableCall(small.url(), 'order', { item: 'more' });
    expect(body.error).toMatchObject({ code: -31002, data: { code: 'rate_limited' } });
    await cancelled;
    const answered = await retryCall(
      small.url(),
      'order',
      { item: 'tea' },
      asked,
      answersTo(asked, named('Ada')),
    );
    expect(outcomeOf(answered)).toEqual(named('Ada'));
    askedBy(await ableCall(small.url(), 'order', { item: 'more' }));
  });

  it('leave the connections to the upstream to the others', async () => {
    await using narrow = await startTestGateway(
      configuration({ asking: upstream.url }, { upstream: { connections: 1 } }),
    );
    const asked = [];
    for (const item of ['tea', 'milk', 'more'])
      asked.push({ item, ...askedBy(await ableCall(narrow.url(), 'order', { item })) });
    expect(outcomeOf(await ableCall(narrow.url(), 'link', { urls: [] }))).toBe('linked');
    expect(outcomeOf(await callTool(narrow.url(), 'link', { urls: [] }))).toBe('linked');
    for (const { item, ...each } of asked.reverse()) {
      const answered = await retryCall(narrow.url(), 'order', { item }, each, answersTo(each, named(item)));
      expect(outcomeOf(answered)).toEqual(named(item));
    }
  });

  it('do not count the time that the user takes as that of the upstream', async () => {
    const upstreams = { timeouts: { call: '2s', callMax: '2500ms' } };
    await using slow = await startTestGateway(
      configuration({ asking: upstream.url }, { upstream: upstreams }),
    );
    const asked = askedBy(await ableCall(slow.url(), 'order', { item: 'tea' }));
    const late = performance.now() + 3_000;
    await expect.poll(() => performance.now() > late).toBe(true);
    const answered = await retryCall(
      slow.url(),
      'order',
      { item: 'tea' },
      asked,
      answersTo(asked, named('Ada')),
    );
    expect(outcomeOf(answered)).toEqual(named('Ada'));
    const stuck = askedBy(await ableCall(slow.url(), 'hasty'));
    const { body } = await retryCall(slow.url(), 'hasty', {}, stuck, answersTo(stuck, named('Ada')));
    expect(body.error.data.code).toBe('upstream_timeout');
  });
});

type Tapped = (typeof tap.messages)[number];

// biome-ignore lint/suspicious/noExplicitAny: whatever the upstream sent
const sentUpstream = ({ from, message }: Tapped): any => (from === 'server' ? message : {});
const isQuestion = (said: string) => (each: Tapped) => sentUpstream(each).params?.message === said;
const isResultOf = (said: string) => (each: Tapped) => sentUpstream(each).result?.content?.[0]?.text === said;
const isLog = (data: number) => (each: Tapped) => sentUpstream(each).params?.data === data;

/** Progress and the data of log messages in a stream of events. */
const heardBy = (events: string): unknown[] =>
  events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)))
    .filter(({ method }) => method !== undefined)
    .map(({ method, params }) => (method === 'notifications/progress' ? params : params.data));
