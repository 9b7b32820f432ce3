import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Upstream } from '../../../runtime/upstream/link.ts';
import type { HttpUpstreamNode, TimeoutsNode } from '../../../schema/graph/upstream.ts';
import {
  answer,
  type FastUpstream,
  hang,
  openStream,
  type Received,
  refuse,
  startFastUpstream,
} from '../../support/fast-upstream.ts';
import { OpenedUpstreams } from './opened-upstreams.ts';
import { until } from './polling.ts';
import { callEcho, echo, type Sent, send } from './recording-sink.ts';
import { httpNode, OPENING, onceOpen, type TestContext, TIMEOUTS, testContext } from './test-context.ts';

let server: FastUpstream;
let context: TestContext;
/** Calls that the upstream has and does not answer yet. */
let held: Received[];
const upstreams = new OpenedUpstreams();

const upstream = (changes: Partial<HttpUpstreamNode> = {}): Upstream => {
  const node = httpNode(server.url, { era: 'modern', concurrency: { max: 2, queue: 3 }, ...changes });
  return upstreams.open(node, context);
};

const calls = (link: Link, count: number, caller = 'idp:ann'): Sent[] =>
  Array.from({ length: count }, () => callEcho(link, { caller }));

/** An upstream with a place, in the modern era, to whose calls these timeouts apply. */
const hurried = (
  timeouts: Partial<TimeoutsNode>,
  changes: Partial<HttpUpstreamNode>,
): Promise<{ made: Upstream; link: Link }> =>
  onceOpen(timeouts, async (usual) => {
    const made = upstream({ timeouts: usual, ...changes });
    return { made, link: await made.modern() };
  });

const codes = (sent: readonly Sent[]): readonly (string | undefined)[] =>
  sent.map(({ sink }) => sink.error?.code);

beforeEach(async () => {
  server = await startFastUpstream();
  context = testContext();
  held = [];
  server.behave((received) => held.push(received));
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

describe('calls of an upstream whose places are not bounded', () => {
  /** One call that runs out of time opens the breaker, and ten thousand take a loaded machine long. */
  const PATIENT: TimeoutsNode = { ...TIMEOUTS, firstByteMs: 60_000, callMs: 60_000, callMaxMs: 60_000 };

  test.each([
    ['modern', {}, undefined, 10_000],
    ['legacy', { mayPause: true }, undefined, 10_000],
    ['modern', {}, 7, 7],
    ['legacy', { mayPause: true }, 7, 7],
    ['modern', {}, 0, 0],
  ] as const)(
    'wait for a connection up to a bound, and beyond that are refused at once: %s, %o, %i',
    async (era, options, waiting, bound) => {
      const breaker = { consecutive: 1, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
      const made = upstreams.open(
        httpNode(server.url, {
          timeouts: PATIENT,
          era,
          connections: 2,
          breaker,
          ...(waiting !== undefined && { waiting }),
        }),
        context,
      );
      const link = era === 'modern' ? await made.modern() : await made.legacy(OPENING);
      const sent = Array.from({ length: 2 }, () => callEcho(link, options));
      await until(() => held.length === 2);
      const callers = ['idp:ann', 'idp:bob'];
      const inLine = Array.from({ length: bound }, (_, at) =>
        callEcho(link, { ...options, caller: callers[at % 2] }),
      );
      expect(made.state()).toMatchObject({ inFlight: bound + 2, waiting: bound });
      expect(inLine.some(({ sink }) => sink.error !== undefined)).toBe(false);
      const { error } = await echo(link, options);
      expect(error).toMatchObject({ code: 'upstream_busy', status: 503, retryAfterMs: 1000 });
      if (bound === 0) {
        for (const each of held.splice(0)) answer(each);
        await Promise.all(sent.map(({ sink }) => sink.ended));
        return;
      }
      inLine.pop()!.cancel('enough');
      const served = callEcho(link, options);
      for (const { cancel } of inLine) cancel('enough');
      server.behave(answer);
      for (const each of held.splice(0)) answer(each);
      await Promise.all([...sent, served].map(({ sink }) => sink.ended));
      expect(served.sink.response).toBeDefined();
      expect(made.state()).toMatchObject({ breaker: 'closed', inFlight: 0 });
    },
  );
});

test('calls for which connections are opened wait for none that is in use', async () => {
  const made = upstreams.open(httpNode(server.url, { era: 'modern', connections: 20, waiting: 3 }), context);
  const link = await made.modern();
  const sent = Array.from({ length: 24 }, (_, at) => callEcho(link, { caller: `idp:${at}` }));
  await until(() => held.length === 20);
  expect(made.state()).toMatchObject({ inFlight: 23, waiting: 3 });
  expect(codes(sent)).toEqual([...Array(23).fill(undefined), 'upstream_busy']);
  server.behave(answer);
  for (const each of held.splice(0)) answer(each);
  await Promise.all(sent.map(({ sink }) => sink.ended));
  expect(made.state()).toMatchObject({ inFlight: 0, waiting: 0 });
});

describe('calls of an upstream that are bounded in number', () => {
  test('wait for their turn, and beyond that are refused at once', async () => {
    const made = upstream();
    const link = await made.modern();
    const sent = calls(link, 7);
    await until(() => held.length === 2);
    expect(codes(sent)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'upstream_busy',
      'upstream_busy',
    ]);
    expect(sent[6]!.sink.error).toMatchObject({ retryAfterMs: 1000 });
    expect(made.state()).toMatchObject({ inFlight: 5, waiting: 3 });
    for (let answered = 0; answered < 5; answered += 1) {
      await until(() => held.length > 0);
      answer(held.shift()!);
    }
    await Promise.all(sent.slice(0, 5).map(({ sink }) => sink.ended));
    expect(codes(sent.slice(0, 5))).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(server.calls).toBe(5);
    expect(made.state()).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  test('let callers take turns, so that one with many holds up nobody', async () => {
    const link = await upstream({ concurrency: { max: 1, queue: 10 } }).modern();
    const many = calls(link, 5, 'idp:ann');
    const [one] = calls(link, 1, 'idp:bob');
    for (let answered = 0; answered < 3; answered += 1) {
      await until(() => held.length > 0);
      answer(held.shift()!);
    }
    await one!.sink.ended;
    expect(many.filter(({ sink }) => sink.response !== undefined).length).toBeLessThanOrEqual(2);
  });

  test('are taken back while they wait, without a word to the upstream', async () => {
    const made = upstream({ concurrency: { max: 1, queue: 3 } });
    const link = await made.legacy(OPENING);
    const [first, second] = calls(link, 2);
    await until(() => held.length === 1);
    second!.cancel('enough');
    expect(made.state()).toMatchObject({ inFlight: 1, waiting: 0 });
    answer(held.shift()!);
    await first!.sink.ended;
    expect(
      (await made.modern().then(() => server.log)).some(
        ({ message }) => message.method === 'notifications/cancelled',
      ),
    ).toBe(false);
    expect(second!.sink.events).toEqual([]);
    expect(server.calls).toBe(1);
  });

  test('spend their time in the queue: it ends with their deadline, and is not held against the upstream', async () => {
    const breaker = { consecutive: 2, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const times = { callMs: 400, firstByteMs: 400 };
    const { made, link } = await hurried(times, { concurrency: { max: 1, queue: 9 }, breaker });
    server.behave(hang);
    const startedMs = performance.now();
    const sent = calls(link, 10);
    await Promise.all(sent.map(({ sink }) => sink.ended));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(codes(sent)).toEqual(sent.map(() => 'upstream_timeout'));
    expect(made.state()).toMatchObject({ breaker: 'closed', inFlight: 0, waiting: 0 });
  });

  test('hold nothing against the upstream where their turn comes in their last moments', async () => {
    const breaker = { consecutive: 2, windowMs: 10_000, minimumCalls: 20, openForMs: 30_000 };
    const times = { callMs: 500, firstByteMs: 500 };
    const { made, link } = await hurried(times, { concurrency: { max: 1, queue: 3 }, breaker });
    server.behave(hang);
    const [first] = calls(link, 1);
    const startedMs = performance.now();
    await until(() => performance.now() - startedMs > 200);
    const [second] = calls(link, 1);
    await Promise.all([first, second].map((each) => each!.sink.ended));
    expect(codes([first!, second!])).toEqual(['upstream_timeout', 'upstream_timeout']);
    await until(() => server.calls === 2);
    expect(made.state()).toMatchObject({ breaker: 'closed', inFlight: 0, waiting: 0 });
    await Promise.all(calls(link, 2).map(({ sink }) => sink.ended));
    expect(made.state().breaker).toBe('open');
  });

  test('keep their place between attempts and give it back with each end', async () => {
    const retry = {
      maxAttempts: 3,
      when: ['http-503'],
      backoff: { baseMs: 1, maxMs: 5, jitter: 'none' },
      onlyIdempotent: true,
    } as const;
    const made = upstream({ concurrency: { max: 1, queue: 0 }, retry });
    const link = await made.modern();
    server.behave(refuse(503, 2));
    const first = callEcho(link, { idempotent: true });
    expect((await echo(link)).error).toMatchObject({ code: 'upstream_busy' });
    await first.sink.ended;
    expect(first.sink.response).toBeDefined();
    for (const behaviour of [refuse(503), answer]) {
      server.behave(behaviour);
      await echo(link);
    }
    server.behave(hang);
    callEcho(link).cancel('enough');
    server.behave(answer);
    expect((await echo(link)).response).toBeDefined();
  });

  test('do not count streams that stay open, nor calls whose caller is asked', async () => {
    const made = upstream({ concurrency: { max: 1, queue: 0 } });
    const modern = await made.modern();
    server.on('subscriptions/listen', ({ response }) => openStream(response));
    const { sink } = send(modern, 'subscriptions/listen');
    await sink.until(() => sink.events.includes('stream'));
    const legacy = await made.legacy(OPENING);
    const asked = callEcho(legacy);
    await until(() => held.length === 1);
    expect((await echo(legacy)).error).toMatchObject({ code: 'upstream_busy' });
    legacy.pause?.(asked.id, true);
    server.behave(answer);
    expect((await echo(legacy)).response).toBeDefined();
    legacy.pause?.(asked.id, false);
    answer(held.shift()!);
    await asked.sink.ended;
    expect((await echo(legacy)).response).toBeDefined();
  });
});
