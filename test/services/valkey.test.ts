import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParkedCalls } from '../../runtime/mcp/input/parked-calls.ts';
import { COUNT_SCRIPT } from '../../runtime/state/count-script.ts';
import { OnceCache } from '../../runtime/state/once-cache.ts';
import { quotaArguments } from '../../runtime/state/quota-script.ts';
import { rateArguments } from '../../runtime/state/rate-script.ts';
import { type StateStore, StoreAway } from '../../runtime/state/state-store.ts';
import { openValkey } from '../../runtime/state/valkey.ts';
import type { CountVerdict } from '../../runtime/traffic/counter.ts';
import { Gcra } from '../../runtime/traffic/gcra.ts';
import type { StateNode } from '../../schema/graph/graph.ts';
import type { CountingLimitNode, QuotaLimitNode, RateLimitNode } from '../../schema/graph/limit.ts';
import { isRedisMissing, PASSWORD, RedisServer } from '../support/redis-server.ts';

const limit = (changes: Partial<RateLimitNode> = {}): RateLimitNode => ({
  kind: 'limit',
  type: 'rate',
  name: 'fair',
  count: 100,
  periodMs: 60_000,
  burst: 100,
  key: [],
  ...changes,
});

const quota = (changes: Partial<QuotaLimitNode> = {}): QuotaLimitNode => ({
  kind: 'limit',
  type: 'quota',
  name: 'monthly',
  count: 100,
  windowMs: 3650 * 86_400_000,
  key: [],
  ...changes,
});

/** What is waited for may have to wait for the machine. */
const PATIENT = { timeout: 20_000 };

const countOne = async (
  store: StateStore,
  node: CountingLimitNode,
  key: string,
  cost = 1,
): Promise<CountVerdict> => (await store.count([{ node, key, cost }]))[0]!;

describe.skipIf(isRedisMissing)('the store that replicas share', () => {
  let server: RedisServer;
  let stores: StateStore[];
  let told: string[];

  const node = (changes: Partial<StateNode> = {}): StateNode => ({
    type: 'valkey',
    url: server.url,
    password: PASSWORD,
    prefix: 'gatewright',
    timeoutMs: 10_000,
    onUnavailable: 'deny',
    ...changes,
  });

  const open = async (changes: Partial<StateNode> = {}): Promise<StateStore> => {
    const log = {
      error: (message: string) => void told.push(message),
      info: (message: string) => void told.push(message),
    };
    const store = await openValkey(node(changes), { log, onUp: (isUp) => void told.push(`up ${isUp}`) });
    stores.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    stores = [];
    told = [];
    await server.command('FLUSHALL');
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
  });

  it('[RATE-01/replicas] lets through exactly what the limit says, however many ask at once', async () => {
    const asking = await Promise.all([open(), open(), open()]);
    const slow = limit({ count: 1, periodMs: 86_400_000, burst: 100 });
    const verdicts = await Promise.all(
      Array.from({ length: 600 }, (_, at) => countOne(asking[at % 3]!, slow, 'ann')),
    );
    const passed = verdicts.filter(({ allowed }) => allowed).map(({ remaining }) => remaining);
    expect(passed.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, at) => at));
  });

  it('[RATE-01/replicas] says the same as the arithmetic of one process, whatever the limit and the moments', async () => {
    // The script reads the clock of the server; here it is given moments, so that both count the same ones, and keys
    // do not expire by the clock that it is not given.
    const timed = COUNT_SCRIPT.replace(
      "redis.call('TIME')",
      '{ tonumber(ARGV[6]), tonumber(ARGV[7]) }',
    ).replace(/, 'PX', string\.format\(.*\)\)\)\)/, ')');
    expect(timed).not.toMatch(/TIME|PX.*ceil/);
    const { createClient } = await import('@redis/client');
    const client = await createClient({ url: server.url, password: PASSWORD, RESP: 2 }).connect();
    const limits = fc.record({
      count: fc.integer({ min: 1, max: 1_000_000 }),
      periodMs: fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000),
      burst: fc.integer({ min: 1, max: 100_000 }),
    });
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat(50), fc.nat(100_000)), { maxLength: 12 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(limits, gaps, async (drawn, steps) => {
        run += 1;
        const drawnLimit = limit(drawn);
        const gcra = new Gcra(drawnLimit);
        // Moments of the process begin at 0.
        const firstMs = 1_796_000_000_000;
        let elapsedMs = 0;
        let fullAt = 0;
        for (const gapMs of steps) {
          elapsedMs += gapMs;
          const seconds = Math.floor((firstMs + elapsedMs) / 1000);
          const micros = ((firstMs + elapsedMs) % 1000) * 1000 + 999;
          const key = `timed:${run}`;
          const given = [timed, '1', key, ...rateArguments(drawnLimit, 1), String(seconds), String(micros)];
          const [passes, debt] = (await client.sendCommand(['EVAL', ...given])) as [number, string];
          const now = gcra.at(elapsedMs);
          const next = gcra.fullAtAfter(fullAt, now, 1);
          const expected = gcra.verdict(next !== undefined, next ?? fullAt, now, 1);
          expect(gcra.verdict(passes === 1, Number(debt), 0, 1)).toEqual(expected);
          fullAt = next ?? fullAt;
        }
      }),
      { numRuns: 200 },
    );
    client.destroy();
  });

  it('neither forgets nor forgives what is owed when the clock of the server steps back', async () => {
    const timed = COUNT_SCRIPT.replace("redis.call('TIME')", '{ tonumber(ARGV[6]), 0 }');
    // The key itself goes by the clock of the server, in 20 seconds.
    const given = ['EVAL', timed, '1', 'back', ...rateArguments(limit({ count: 6, burst: 2 }), 1)];
    const now = Math.floor(Date.now() / 1000);
    const at = async (second: number) =>
      ((await server.command(...given, String(second))) as [number, string])[0] === 1;
    expect([await at(now), await at(now), await at(now)]).toEqual([true, true, false]);
    expect(await at(now - 3600)).toBe(false);
    // A count of 6 in a minute gives one back in 10 seconds, by the clock as it is now.
    expect(await at(now - 3590)).toBe(true);
    expect(await at(now - 3590)).toBe(false);
  });

  it('[RATE-01/replicas] counts a quota exactly, however many ask at once and whatever each costs', async () => {
    const asking = await Promise.all([open(), open(), open()]);
    const verdicts = await Promise.all(
      Array.from({ length: 600 }, (_, at) => countOne(asking[at % 3]!, quota(), 'ann', at % 2 === 0 ? 1 : 3)),
    );
    const used = verdicts.reduce((sum, { allowed }, at) => sum + (allowed ? (at % 2 === 0 ? 1 : 3) : 0), 0);
    expect(used).toBe(100);
    const refused = await countOne(asking[0]!, quota(), 'ann');
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBe(refused.resetAfterMs);
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect((await countOne(asking[1]!, quota(), 'bob')).remaining).toBe(99);
    expect((await countOne(asking[1]!, quota({ key: ['tool.name'] }), 'ann')).remaining).toBe(99);
    // Another number, the same count.
    expect((await countOne(asking[2]!, quota({ count: 101 }), 'ann')).allowed).toBe(true);
  });

  it('[RATE-01/replicas] counts by none of several limits what one of them refuses, however many ask at once', async () => {
    const asking = await Promise.all([open(), open(), open()]);
    const slow = limit({ name: 'slow', count: 1, periodMs: 86_400_000, burst: 100 });
    const few = quota({ name: 'few', count: 30 });
    const all = (key: string) => [
      { node: slow, key: 'all', cost: 1 },
      { node: few, key, cost: 2 },
    ];
    const before = await server.command('INFO', 'commandstats');
    const scripts = (told: unknown) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(told))?.[1] ?? 0);
    const verdicts = await Promise.all(
      Array.from({ length: 300 }, (_, at) => asking[at % 3]!.count(all(at % 2 === 0 ? 'ann' : 'bob'))),
    );
    expect(scripts(await server.command('INFO', 'commandstats')) - scripts(before)).toBe(300);
    const passed = verdicts.filter((each) => each.every(({ allowed }) => allowed));
    expect(passed).toHaveLength(30);
    // Who was refused by the quota is told what is left of the rate, and took none of it.
    const left = await asking[0]!.count(all('ann'));
    expect(left).toMatchObject([
      { allowed: true, remaining: 70, retryAfterMs: 0 },
      { allowed: false, remaining: 0 },
    ]);
    expect((await countOne(asking[1]!, slow, 'all', 70)).allowed).toBe(true);
    // The other way round: the rate is used up, and the quota of a third loses nothing.
    for (const store of asking)
      expect((await store.count(all('eve'))).map(({ allowed }) => allowed)).toEqual([false, true]);
    expect((await countOne(asking[2]!, few, 'eve', 30)).allowed).toBe(true);
  });

  it('ends the window of a quota by the clock of the server, and gives none twice when that is set back', async () => {
    const timed = COUNT_SCRIPT.replace("redis.call('TIME')", '{ tonumber(ARGV[6]), 0 }');
    const minute = quotaArguments(quota({ count: 2, windowMs: 60_000 }), 1);
    const at = async (second: number) => {
      const answer = await server.command('EVAL', timed, '1', 'timed', ...minute, String(second));
      const [passes, used, leftMs] = answer as [number, string, string];
      return [passes, Number(used), Math.ceil(Number(leftMs) / 1000)];
    };
    const start = 1_796_000_040;
    expect(await at(start)).toEqual([1, 1, 60]);
    expect(await at(start + 59)).toEqual([1, 2, 60]);
    expect(await at(start + 59)).toEqual([0, 2, 60]);
    expect((await at(start + 60)).slice(0, 2)).toEqual([1, 1]);
    expect((await at(start + 59)).slice(0, 2)).toEqual([1, 2]);
    expect((await at(start)).slice(0, 2)).toEqual([0, 2]);
    expect((await at(start + 120)).slice(0, 2)).toEqual([1, 1]);
  });

  it('keeps a key no longer than something is owed', async () => {
    const store = await open();
    await countOne(store, limit({ count: 1, periodMs: 20_000 }), 'ann');
    const [key] = (await server.command('KEYS', 'gatewright:rate:*')) as string[];
    const leftMs = Number(await server.command('PTTL', key!));
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(20_000);
    await server.command('FLUSHALL');
    await countOne(store, limit({ count: 1, periodMs: 400 }), 'ann');
    await vi.waitFor(async () => expect(await server.command('DBSIZE')).toBe(0), PATIENT);
  });

  it.each([
    '',
    'x'.repeat(1_000_000),
    '\r\nFLUSHALL\r\n',
    '\0\ud800',
    "'; redis.call('FLUSHALL') --",
    'gatewright:once:a',
    '*',
    '{a}:b',
  ])('counts a hostile key as any other and stores nothing of it (%#)', async (key) => {
    const store = await open();
    await server.command('SET', 'other', 'kept');
    const one = limit({ count: 1, burst: 1 });
    expect((await countOne(store, one, key)).allowed).toBe(true);
    expect((await countOne(store, one, key)).allowed).toBe(false);
    expect((await countOne(store, one, `${key}-`)).allowed).toBe(true);
    expect(await server.command('GET', 'other')).toBe('kept');
    const keys = (await server.command('KEYS', 'gatewright:*')) as string[];
    for (const each of keys) expect(each).toMatch(/^gatewright:(?:probe|rate:fair:1:60000:[\w-]{43})$/);
  });

  it('lets one of many who ask at once use what may be used once', async () => {
    const asking = await Promise.all([open(), open(), open()]);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => asking[at % 3]!.useOnce('nonce', 60_000)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await asking[0]!.useOnce('another', 60_000)).toBe(true);
  });

  describe('a request state that may be used once', () => {
    const parked = (store: StateStore): ParkedCalls => {
      const bounds = { idleMs: 60_000, absoluteMs: 60_000, max: 1, maxPerPrincipal: 1 };
      const once = new OnceCache();
      once.share(store);
      return new ParkedCalls(bounds, undefined, once);
    };

    it('is used up at every replica once one has seen it', async () => {
      const [one, other] = [parked(await open()), parked(await open())];
      expect(await one.useOnce('state')).toBe(true);
      expect(await other.useOnce('state')).toBe(false);
      expect(await one.useOnce('state')).toBe(false);
    });

    it('is refused by code and not used up while the store is away and `deny` is said', async () => {
      const calls = parked(await open({ onUnavailable: 'deny' }));
      await server.stop();
      await expect(calls.useOnce('state')).rejects.toMatchObject({ code: 'state_unavailable', status: 503 });
      await server.resume();
      await vi.waitFor(() => expect(stores[0]!.isUp).toBe(true), PATIENT);
      expect(await calls.useOnce('state')).toBe(true);
    });

    it('is not used twice at one replica with `local`, if the store goes away in between', async () => {
      const calls = parked(await open({ onUnavailable: 'local' }));
      expect(await calls.useOnce('before')).toBe(true);
      await server.stop();
      try {
        expect(await calls.useOnce('before')).toBe(false);
        expect(await calls.useOnce('meanwhile')).toBe(true);
        expect(await calls.useOnce('meanwhile')).toBe(false);
      } finally {
        await server.resume();
      }
    });
  });

  it('tells replicas of each other, until they leave or say nothing more', async () => {
    const [one, two] = [await open(), await open()];
    const a = { id: 'a', address: '10.0.0.1:7946' };
    const b = { id: 'b', address: '[fd00::2]:7946' };
    expect(await one.announce(a, 60_000)).toEqual([a]);
    expect(await two.announce(b, 60_000)).toEqual([b, a]);
    expect(await one.announce(a, 60_000)).toEqual([a, b]);
    expect(await two.announce(b, 200)).toEqual([b, a]);
    await one.announce(a, 60_000);
    await vi.waitFor(async () => expect(await two.replicas()).toEqual([a]), PATIENT);
    await two.announce(b, 60_000);
    await one.leave('a');
    expect(await one.replicas()).toEqual([b]);
    await server.command('FLUSHALL');
    expect(await one.replicas()).toEqual([]);
  });

  it('gives an address to who said last that it is there, and tells that one who was before', async () => {
    const store = await open();
    const former = { id: 'former', address: '10.0.0.1:7946' };
    const now = { ...former, id: 'now' };
    await store.announce(former, 60_000);
    expect(await store.announce(now, 60_000)).toEqual([former, now]);
    expect(await store.announce(now, 60_000)).toEqual([now]);
    await store.leave('former');
    expect(await store.replicas()).toEqual([now]);
  });

  it('tells of a thousand replicas at most', async () => {
    const store = await open();
    const many = Array.from({ length: 1100 }, (_, at) => [`10.0.0.1:${at + 1}`, `id${at} 99999999999999`]);
    await server.command('HSET', 'gatewright:replicas', ...many.flat());
    await server.command('HSET', 'gatewright:replicas', '10.0.0.2:1', 'what nobody wrote');
    expect(await store.replicas()).toHaveLength(1024);
    expect(await server.command('HLEN', 'gatewright:replicas')).toBe(1100);
  });

  it('counts apart what has another prefix', async () => {
    const [one, other] = [await open({ prefix: 'one' }), await open({ prefix: 'other' })];
    expect(await one.useOnce('nonce', 60_000)).toBe(true);
    expect(await other.useOnce('nonce', 60_000)).toBe(true);
  });

  it('goes on when the server has forgotten its scripts', async () => {
    const store = await open();
    await server.command('SCRIPT', 'FLUSH');
    expect((await countOne(store, limit(), 'ann')).remaining).toBe(99);
    expect(told).toEqual(['up false', 'up true']);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['no password', { password: '' }],
    ['a user that there is not', { username: 'nobody' }],
  ])('is away with %s, and tells it once and without the password', async (_, changes) => {
    const store = await open(changes);
    expect(store.isUp).toBe(false);
    await expect(countOne(store, limit(), 'ann')).rejects.toBeInstanceOf(StoreAway);
    expect(told).toEqual(['up false', 'the state store is away']);
    expect(told.join()).not.toContain(PASSWORD);
  });

  it('is away while the server is read-only, although that can be connected to', async () => {
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    const store = await open();
    expect(store.isUp).toBe(false);
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await vi.waitFor(() => expect(store.isUp).toBe(true), PATIENT);
  });

  it('is away at once when the server ends, and back by itself when it is back; each is told once', async () => {
    const store = await open();
    await server.stop();
    await vi.waitFor(() => expect(store.isUp).toBe(false), PATIENT);
    for (let ask = 0; ask < 20; ask += 1)
      await expect(countOne(store, limit(), 'ann')).rejects.toBeInstanceOf(StoreAway);
    await server.resume();
    await vi.waitFor(() => expect(store.isUp).toBe(true), PATIENT);
    expect((await countOne(store, limit(), 'ann')).allowed).toBe(true);
    expect(told).toEqual([
      'up false',
      'up true',
      'up false',
      'the state store is away',
      'up true',
      'the state store is back',
    ]);
  });

  it('waits for a server that says nothing no longer than its deadline, gives it up, and comes back', async () => {
    const store = await open({ timeoutMs: 50 });
    server.freeze();
    try {
      // A timer of the same thread: where the machine halts, both are late.
      let isLate = false;
      const timer = setTimeout(() => setImmediate(() => (isLate = true)), 450);
      await expect(countOne(store, limit(), 'ann')).rejects.toBeInstanceOf(StoreAway);
      expect(isLate).toBe(false);
      clearTimeout(timer);
      await vi.waitFor(async () => {
        await countOne(store, limit(), 'ann').catch(() => undefined);
        expect(store.isUp).toBe(false);
      }, PATIENT);
    } finally {
      server.thaw();
    }
    await vi.waitFor(async () => expect((await countOne(store, limit(), 'bob')).allowed).toBe(true), PATIENT);
  });
});
