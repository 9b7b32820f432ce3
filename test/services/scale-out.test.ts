import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AskingUpstream, startAskingUpstream } from '../e2e/clients/upstreams/asking-http.ts';
import { ableCall, answersTo, askedBy, named, outcomeOf, retryCall } from '../support/asking.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { HaltClock } from '../support/halt-clock.ts';
import { isHaproxyMissing } from '../support/haproxy.ts';
import {
  legacyMessage,
  openSession,
  type SessionHeaders,
  streamedRequest,
} from '../support/legacy-client.ts';
import { callTool, type ModernAnswer } from '../support/modern-client.ts';
import { isNftMissing, whyNoNamespaces } from '../support/namespaces.ts';
import { rawRequest } from '../support/raw-request.ts';
import { isRedisMissing } from '../support/redis-server.ts';
import { revokeAt } from '../support/revoking.ts';
import { ScaledOut } from '../support/scaled-out.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const missing =
  whyNoNamespaces() ??
  (isRedisMissing ? 'redis-server is missing' : isHaproxyMissing ? 'haproxy is missing' : undefined);

const CALLERS = ['ann', 'ben', 'r1', 'r2', 'r3', 'r4', 'r5', 'cut'] as const;
const LIMITS = {
  limited: { type: 'rate', rate: '100/m', burst: 100, key: [] },
  metered: { type: 'quota', quota: '100/m', key: [] },
};
const PERIOD_MS = 60_000;

let upstream: FastUpstream;
let asking: AskingUpstream;
let out: ScaledOut;

const startAll = async (onUnavailable: 'deny' | 'local'): Promise<void> => {
  upstream = await startToolUpstream('tracker', ['echo']);
  asking = await startAskingUpstream();
  const upstreams = { tracker: upstream.url, asking: asking.url };
  out = await ScaledOut.start({ upstreams, onUnavailable, limits: LIMITS, callers: CALLERS });
};

const endAll = async (): Promise<void> => {
  await out?.[Symbol.asyncDispose]();
  await asking?.[Symbol.asyncDispose]();
  await upstream?.close();
};

const call = (url: string, caller: (typeof CALLERS)[number] = 'ann'): Promise<ModernAnswer> =>
  callTool(url, 'echo', {}, { token: out.tokens[caller]! });

/** Calls so many times, eight at a time, and gives the statuses. Every call is answered. */
const callMany = async (url: string, times: number): Promise<readonly number[]> => {
  const statuses: number[] = [];
  let begun = 0;
  const caller = async (): Promise<void> => {
    while (begun < times) {
      begun += 1;
      statuses.push((await call(url)).status);
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  expect(statuses).toHaveLength(times);
  return statuses;
};

/** The store has counted nothing yet. */
const forgetCounts = async (kind: 'rate' | 'quota'): Promise<void> => {
  const keys = (await out.store.command('KEYS', `gatewright:${kind}:*`)) as string[];
  if (keys.length > 0) await out.store.command('DEL', ...keys);
};

/** Which minute it is by the clock of the store. */
const minuteOfStore = async (): Promise<number> => {
  const [seconds] = (await out.store.command('TIME')) as readonly string[];
  return Math.floor(Number(seconds) / 60);
};

const as = (caller: (typeof CALLERS)[number]): SessionHeaders => ({
  authorization: `Bearer ${out.tokens[caller]}`,
});

/** The store ends as in a crash, and comes back empty. */
const stopsAndStarts = (onUnavailable: 'deny' | 'local'): void => {
  it(`with \`${onUnavailable}\`, every call is answered while the store is stopped and started under load, and all recover by themselves`, async () => {
    const answers: ModernAnswer[] = [];
    let isOver = false;
    const load = async (path: 'main' | 'limited'): Promise<void> => {
      while (!isOver) answers.push(await call(out.url(path)));
    };
    const under = Promise.all([load('main'), load('main'), load('limited'), load('limited')]);
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(40), { timeout: 30_000 });
    await out.store.stop();
    const before = answers.length;
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(before + 80), { timeout: 30_000 });
    if (onUnavailable === 'deny')
      await vi.waitFor(async () => expect((await call(out.url())).status).toBe(503), { timeout: 10_000 });
    else expect((await call(out.url())).status).toBe(200);
    await out.store.resume();
    for (const { url, opsUrl } of out.replicas)
      await vi.waitFor(
        async () => {
          expect((await rawRequest(`${opsUrl}/metrics`)).text).toContain('gatewright_state_up 1\n');
          expect((await call(url)).status).toBe(200);
        },
        { timeout: 15_000 },
      );
    isOver = true;
    await under;

    const codes = answers.map(({ status, body }) => `${status} ${body.error?.data?.code ?? 'answered'}`);
    const expected = new Set(['200 answered', '429 rate_limited']);
    if (onUnavailable === 'deny') expected.add('503 state_unavailable');
    expect([...new Set(codes)].filter((code) => !expected.has(code))).toEqual([]);
    expect(codes.includes('503 state_unavailable')).toBe(onUnavailable === 'deny');

    await forgetCounts('rate');
    const startedMs = performance.now();
    const admitted = (await callMany(out.url('limited'), 160)).filter((status) => status === 200).length;
    expect(admitted).toBeGreaterThanOrEqual(100);
    expect(admitted).toBeLessThanOrEqual(
      100 + Math.ceil(((performance.now() - startedMs) * 100) / PERIOD_MS),
    );
  });
};

describe.skipIf(missing !== undefined)(
  `three gateways on machines of their own, behind HAProxy, with one store${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    beforeAll(() => startAll('deny'));
    afterAll(endAll);

    it('[RATE-01] a limit of 100/m admits exactly 100 in total, and what time gives back', async () => {
      const calls = upstream.calls;
      const startedMs = performance.now();
      const admitted = (await callMany(out.url('limited'), 240)).filter((status) => status === 200).length;
      const due = 100 + Math.floor(((performance.now() - startedMs) * 100) / PERIOD_MS);
      expect(admitted).toBeGreaterThanOrEqual(100);
      expect(admitted).toBeLessThanOrEqual(due);
      expect(upstream.calls - calls).toBe(admitted);
    });

    it('[RATE-01/replicas] a quota of 100/m admits exactly 100 in total', async () => {
      let [minute, calls, statuses] = [Number.NaN, 0, [] as readonly number[]];
      // Begun anew where another minute began meanwhile, and another hundred with it.
      while (minute !== (await minuteOfStore())) {
        await forgetCounts('quota');
        minute = await minuteOfStore();
        calls = upstream.calls;
        statuses = await callMany(out.url('metered'), 240);
      }
      expect(statuses.filter((status) => status === 200)).toHaveLength(100);
      expect(statuses.filter((status) => status === 429)).toHaveLength(140);
      expect(upstream.calls - calls).toBe(100);
    });

    it('[AUTH-01/revocation] a key that is revoked at one is refused everywhere within a second', async () => {
      const tookMs: number[] = [];
      using clock = new HaltClock();
      for (const key of ['r1', 'r2', 'r3', 'r4', 'r5'] as const) {
        expect((await call(out.url(), key)).status).toBe(200);
        const startedMs = clock.nowMs();
        expect((await revokeAt(out.replicas[0]!, { key })).status).toBe(200);
        await Promise.all(
          out.replicas.map(({ url }) =>
            vi.waitFor(async () => expect((await call(url, key)).status).toBe(401), {
              timeout: 10_000,
              interval: 10,
            }),
          ),
        );
        tookMs.push(clock.nowMs() - startedMs);
        expect((await call(out.url(), key)).status).toBe(401);
      }
      expect(Math.max(...tookMs)).toBeLessThan(1000);
    });

    it('legacy sessions work whichever is asked, with streams that are resumed at another', async () => {
      const url = out.url();
      const session = await openSession(url, as('ann'), { capabilities: { elicitation: {} } });
      for (let id = 1; id <= 6; id += 1)
        expect((await legacyMessage(url, session, { id, method: 'tools/list' })).status).toBe(200);
      const params = { name: 'order', arguments: { item: 'tea' } };
      const stream = await streamedRequest(url, session, { id: 7, method: 'tools/call', params });
      const question = await stream.message(({ method }) => method === 'elicitation/create');
      const { id: lastId } = stream.events.findLast(({ data }) => data?.includes('elicitation/create'))!;
      stream.close();
      const answer = { id: question.id, result: named('Ann') };
      expect((await legacyMessage(url, session, answer)).status).toBe(202);
      const resumed = await EventStreamClient.open(url, {
        headers: { ...session, accept: 'text/event-stream', 'last-event-id': lastId! },
      });
      const { result } = await resumed.message(({ id }) => id === 7);
      expect(JSON.parse(result.content[0].text)).toEqual(named('Ann'));
      resumed.close();
    });

    it('calls that wait for input go on whichever is asked', async () => {
      const token = { token: out.tokens.ann! };
      for (const item of ['tea', 'milk', 'sugar', 'cake']) {
        const asked = askedBy(await ableCall(out.url(), 'order', { item }, token));
        const answers = answersTo(asked, named(item));
        const answered = await retryCall(out.url(), 'order', { item }, asked, answers, token);
        expect(outcomeOf(answered)).toEqual(named(item));
      }
    });

    describe('when one of them dies', () => {
      it('what the others hold goes on; of its own, the ids are answered 404 at once, and clients begin anew', async () => {
        const url = out.url();
        const token = { token: out.tokens.ann! };
        const sessions = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openSession(url, as('ann'))));
        const parked = await Promise.all(
          ['a', 'b', 'c', 'd', 'e', 'f'].map(async (item) => {
            return { item, asked: askedBy(await ableCall(url, 'order', { item }, token)) };
          }),
        );
        const streams = await Promise.all(
          sessions.map((session) =>
            EventStreamClient.open(url, { headers: { ...session, accept: 'text/event-stream' } }),
          ),
        );
        await out.kill(1);

        const tookMs: number[] = [];
        using clock = new HaltClock();
        const statuses = await Promise.all(
          sessions.map(async (session) => {
            const startedMs = clock.nowMs();
            const { status } = await legacyMessage(url, session, { id: 1, method: 'ping' });
            if (status === 404) tookMs.push(clock.nowMs() - startedMs);
            return status;
          }),
        );
        // Its port refuses: nothing has to be waited for.
        expect(Math.max(...tookMs)).toBeLessThan(1000);
        const count = (status: number) => statuses.filter((each) => each === status).length;
        expect(count(200) + count(404)).toBe(6);
        expect(count(404)).toBeGreaterThan(0);
        expect(count(200)).toBeGreaterThan(0);
        await Promise.all(streams.filter((_, at) => statuses[at] === 404).map(({ over }) => over));
        for (const stream of streams) stream.close();

        const retried = await Promise.all(
          parked.map(({ item, asked }) =>
            retryCall(url, 'order', { item }, asked, answersTo(asked, named(item)), token),
          ),
        );
        const refused = retried.filter(({ body }) => body.error?.data.code === 'state_refused');
        const gone = retried.filter(({ body }) => body.result !== undefined);
        expect(refused.length + gone.length).toBe(6);
        expect(refused.length).toBeGreaterThan(0);
        expect(gone.length).toBeGreaterThan(0);

        expect((await callMany(url, 24)).every((status) => status === 200)).toBe(true);
        const anew = await openSession(url, as('ann'));
        expect((await legacyMessage(url, anew, { id: 1, method: 'ping' })).status).toBe(200);
        const again = askedBy(await ableCall(url, 'order', { item: 'anew' }, token));
        const answered = await retryCall(
          url,
          'order',
          { item: 'anew' },
          again,
          answersTo(again, named('Ann')),
          token,
        );
        expect(outcomeOf(answered)).toEqual(named('Ann'));
        await out.revive(1);
        expect((await call(out.replicas[1]!.url)).status).toBe(200);
      });
    });

    it.skipIf(isNftMissing)(
      'a machine that dies without a word is waited for within bounds: 503 until it has been silent for long, then 404, and the rest goes on',
      async () => {
        const [one, dead] = [out.replicas[0]!, out.replicas[2]!];
        const ping = async (session: SessionHeaders) => {
          const startedMs = performance.now();
          // The owner knows its own address and that of the load balancer.
          const asBalancer = { ...session, host: new URL(out.url()).host };
          const { status, headers } = await legacyMessage(one.url, asBalancer, { id: 1, method: 'ping' });
          return { status, headers, tookMs: performance.now() - startedMs };
        };
        const own = await openSession(one.url, as('ann'));
        // One that has been spoken of over a connection that is still open, and one that has not.
        const [spoken, silent] = [
          await openSession(dead.url, as('ann')),
          await openSession(dead.url, as('ann')),
        ];
        expect((await ping(spoken)).status).toBe(200);
        const nft = (...words: readonly string[]) => dead.machine.run('nft', ...words);
        nft('add', 'table', 'inet', 'dead');
        for (const hook of ['input', 'output'])
          nft('add', 'chain', 'inet', 'dead', hook, `{ type filter hook ${hook} priority 0; policy drop; }`);
        const startedMs = performance.now();
        const goneAtMs = await Promise.all(
          [spoken, silent].map(async (session) => {
            for (;;) {
              const { status, headers, tookMs } = await ping(session);
              expect(tookMs).toBeLessThan(10_000);
              if (status === 404) return performance.now() - startedMs;
              expect([status, headers['retry-after']]).toEqual([503, '1']);
              expect((await ping(own)).status).toBe(200);
              expect((await call(one.url)).status).toBe(200);
            }
          }),
        );
        // Six seconds, a call that was under way, and the load of the machine.
        expect(Math.max(...goneAtMs)).toBeLessThan(20_000);
        expect((await ping(spoken)).status).toBe(404);
        nft('delete', 'table', 'inet', 'dead');
        await vi.waitFor(async () => expect((await ping(spoken)).status).toBe(200), { timeout: 20_000 });
      },
    );

    it.skipIf(isNftMissing)(
      'one that is cut off from the store admits nobody by a credential, so that what is revoked is refused there too',
      async () => {
        const [one, cut] = [out.replicas[0]!, out.replicas[2]!];
        const nft = (...words: readonly string[]) => cut.machine.run('nft', ...words);
        nft('add', 'table', 'inet', 'cut');
        nft('add', 'chain', 'inet', 'cut', 'out', '{ type filter hook output priority 0; }');
        nft(
          'add',
          'rule',
          'inet',
          'cut',
          'out',
          'ip',
          'daddr',
          out.store.host,
          'tcp',
          'dport',
          String(out.store.port),
          'drop',
        );
        await vi.waitFor(async () => expect((await call(cut.url)).status).toBe(503), { timeout: 15_000 });
        expect((await revokeAt(one, { key: 'cut' })).status).toBe(200);
        expect((await call(one.url, 'cut')).status).toBe(401);
        expect((await call(cut.url, 'cut')).status).toBe(503);
        expect((await call(one.url)).status).toBe(200);
        nft('delete', 'table', 'inet', 'cut');
        await vi.waitFor(async () => expect((await call(cut.url)).status).toBe(200), { timeout: 15_000 });
        expect((await call(cut.url, 'cut')).status).toBe(401);
      },
    );

    stopsAndStarts('deny');
  },
);

describe.skipIf(missing !== undefined)('such gateways that count for themselves without the store', () => {
  beforeAll(() => startAll('local'));
  afterAll(endAll);

  stopsAndStarts('local');
});
