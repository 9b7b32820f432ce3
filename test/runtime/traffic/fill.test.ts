import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tenantKey } from '../../../policies/limit/tenant.ts';
import { Fullest, type KeyedLimitNode, readFills } from '../../../runtime/traffic/fill.ts';
import { Places } from '../../../runtime/traffic/places.ts';
import { placesMemory } from '../../../runtime/traffic/places-memory.ts';
import { Quota, quotaMemory } from '../../../runtime/traffic/quota.ts';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import { createSharedRateLimiter, rateMemory } from '../../../runtime/traffic/shared-rate.ts';
import { filledMemory } from '../../../runtime/workers/filled-memory.ts';
import type { ConcurrencyLimitNode, QuotaLimitNode, RateLimitNode } from '../../../schema/graph/limit.ts';

const limit = { kind: 'limit', name: 'it', key: ['principal.id'] } as const;
const rate: RateLimitNode = { ...limit, type: 'rate', count: 1, periodMs: 3_600_000, burst: 10 };
const quota: QuotaLimitNode = { ...limit, type: 'quota', count: 4, windowMs: 365 * 86_400_000 };
const few: ConcurrencyLimitNode = { ...limit, type: 'concurrency', max: 2, queue: 5, queueTimeoutMs: 1000 };

const readOver = async (node: KeyedLimitNode, memory: SharedArrayBuffer, tenants: string[] = []) =>
  (await readFills({ it: node }, tenants, (each) => filledMemory(each, { 'limit:it': memory }))).it!;

const used = async (node: KeyedLimitNode, memory: SharedArrayBuffer): Promise<readonly number[]> =>
  (await readOver(node, memory)).fullest.map((each) => each.used);

describe('the fill of a limit', () => {
  it('of a rate is what is taken of its burst, whether one thread counts or several', async () => {
    const memory = rateMemory();
    const local = createRateLimiter(rate);
    const shared = createSharedRateLimiter(rate, memory, 1);
    for (const limiter of [local, shared])
      for (const [key, times] of [
        ['one', 3],
        ['other', 10],
      ] as const)
        for (let time = 0; time < times; time += 1) limiter.take(key, Date.now());
    const told = [await readOver(rate, memory), (await readFills({ it: rate }, [], () => local)).it];
    for (const each of told) expect(each).toMatchObject({ keys: 2, fullest: [{ used: 1 }, { used: 0.3 }] });
  });

  it('of a rate goes down as time goes, though nobody calls any more', () => {
    const limiter = createRateLimiter(rate);
    for (let time = 0; time < rate.burst; time += 1) limiter.take('one', 0);
    const at = (nowMs: number) => {
      const fullest = new Fullest();
      for (const _ of limiter.fill(rate, fullest, nowMs));
      return fullest.told(new Map());
    };
    expect(at(0)).toMatchObject({ keys: 1, fullest: [{ used: 1 }] });
    expect(at(4 * rate.periodMs)).toMatchObject({ keys: 1, fullest: [{ used: 0.6 }] });
    expect(at(rate.burst * rate.periodMs)).toEqual({ keys: 0, fullest: [] });
  });

  it('of a quota is what is taken in this window, by what it lets through now', async () => {
    const memory = quotaMemory();
    const counter = new Quota(quota.windowMs, memory).counter(quota.count);
    for (const key of ['a', 'b', 'b', 'b']) counter.take(key, Date.now());
    expect(await used(quota, memory)).toEqual([0.75, 0.25]);
    expect(await used({ ...quota, count: 6 }, memory)).toEqual([0.5, 0.167]);
  });

  it('of places counts those that wait, too', async () => {
    const memory = placesMemory();
    const places = new Places(memory, 1);
    for (let call = 0; call < 5; call += 1) places.enter('busy', 'caller', few);
    const { record } = places.enter('calm', 'caller', few) as { record: number };
    expect(await used(few, memory)).toEqual([2.5, 0.5]);
    places.leave(record);
    expect(await used(few, memory)).toEqual([2.5]);
  });

  it('tells no key, but tenants by name and the only key there is', async () => {
    const memory = quotaMemory();
    const counter = new Quota(quota.windowMs, memory).counter(quota.count);
    const keys = ['sann@example.com', '', tenantKey('acme', ''), tenantKey('acme', 'sann@example.com')];
    for (const key of keys) counter.take(key, Date.now());
    const names = (told: { readonly fullest: readonly { readonly key: string }[] }) =>
      told.fullest.map(({ key }) => key).sort();
    const keyed = names(await readOver(quota, memory, ['acme']));
    for (const name of keyed) expect(name).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set(keyed).size).toBe(4);
    const single = names(await readOver({ ...quota, key: [] }, memory, ['acme']));
    expect(single.filter((name) => !/^[0-9a-f]{12}$/.test(name))).toEqual(['acme', 'all']);
    // The same key has the same label from one look to the next.
    expect(names(await readOver(quota, memory, ['acme']))).toEqual(keyed);
  });

  it('is told of the fullest, whatever their number and order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 100 }), (parts) => {
        const fullest = new Fullest();
        for (const [at, part] of parts.entries())
          if (fullest.wants(part)) fullest.add(part, Buffer.from(String(at)));
        const told = fullest.told(new Map());
        const expected = parts.toSorted((a, b) => b - a).slice(0, 5);
        expect(told.keys).toBe(parts.length);
        expect(told.fullest.map((each) => each.used)).toEqual(
          expected.map((part) => Math.round(part * 1000) / 1000),
        );
      }),
    );
  });

  it('is read in small steps, however many keys count', async () => {
    const memory = quotaMemory();
    const counter = new Quota(quota.windowMs, memory).counter(quota.count);
    for (let key = 0; key < 200_000; key += 1) counter.take(`key ${key}`, Date.now());
    let longestMs = 0;
    const filled = filledMemory(quota, { 'limit:it': memory })!;
    const fullest = new Fullest();
    let steps = 0;
    const begun = process.cpuUsage();
    let before = 0;
    for (const _ of filled.fill(quota, fullest, Date.now())) {
      const { user, system } = process.cpuUsage(begun);
      longestMs = Math.max(longestMs, (user + system - before) / 1000);
      before = user + system;
      steps += 1;
    }
    expect(fullest.told(new Map()).keys).toBe(200_000);
    expect(steps).toBeGreaterThan(25);
    expect(longestMs).toBeLessThan(50);
  }, 60_000);
});
