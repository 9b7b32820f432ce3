import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OnceCache } from '../../../runtime/state/once-cache.ts';
import { type StateStore, StoreAway } from '../../../runtime/state/state-store.ts';
import { rateMemory } from '../../../runtime/traffic/shared-rate.ts';
import { MemoryTable, storeOf } from '../../support/memory-table.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const AWAY: StateStore['useOnce'] = () => Promise.reject(new StoreAway('away'));

/** A store in which names are used up, until it is away. */
const storeWith = (onUnavailable: StateStore['onUnavailable']): Mutable<StateStore> => {
  const used = new Set<string>();
  const store: Mutable<StateStore> = {
    ...storeOf(new MemoryTable(), onUnavailable),
    useOnce: async (name: string): Promise<boolean> => {
      const isFirst = !used.has(name);
      used.add(name);
      return isFirst;
    },
  };
  return store;
};

describe('what may be used once', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['one thread', () => new OnceCache()],
    ['threads together', () => new OnceCache({ memory: rateMemory(), holder: 1 })],
  ])('is used once by %s, whatever it is called', (_, make) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), (names) => {
        const once = make();
        expect(names.map((name) => once.use('url-state', name, 60_000))).toEqual(names.map(() => true));
        expect(names.map((name) => once.use('url-state', name, 60_000))).toEqual(names.map(() => false));
      }),
      { numRuns: 25 },
    );
  });

  it('is used once by two threads', () => {
    const memory = rateMemory();
    const [one, other] = [new OnceCache({ memory, holder: 1 }), new OnceCache({ memory, holder: 2 })];
    expect([one.use('url-state', 'a', 60_000), other.use('url-state', 'a', 60_000)]).toEqual([true, false]);
  });

  it('may be used again when its time is over', () => {
    vi.useFakeTimers();
    const once = new OnceCache();
    expect(once.use('url-state', 'a', 30)).toBe(true);
    vi.advanceTimersByTime(29);
    expect(once.use('url-state', 'a', 30)).toBe(false);
    vi.advanceTimersByTime(2);
    expect(once.use('url-state', 'a', 30)).toBe(true);
  });

  it('is not forgotten under a flood: what has no room is refused, and room comes with time', async () => {
    const once = new OnceCache();
    expect(once.use('url-state', 'first', 60_000)).toBe(true);
    for (let at = 0; at < 99_999; at += 1) void once.use('url-state', `${at}`, 500);
    expect(once.use('url-state', 'first', 60_000)).toBe(false);
    await vi.waitFor(() => expect(once.use('url-state', 'late', 60_000)).toBe(true), { timeout: 20_000 });
    expect(once.use('url-state', 'first', 60_000)).toBe(false);
  });

  it('is used once at two replicas, and refused by code where that cannot be known', async () => {
    const store = storeWith('deny');
    const [one, other] = [new OnceCache(), new OnceCache()];
    for (const each of [one, other]) each.share(store);
    expect(await one.use('url-state', 'a', 60_000)).toBe(true);
    expect(await other.use('url-state', 'a', 60_000)).toBe(false);
    store.useOnce = AWAY;
    await expect(one.use('url-state', 'b', 60_000)).rejects.toMatchObject({ code: 'state_unavailable' });
  });

  it('with `local`, is remembered from before the store was away', async () => {
    const store = storeWith('local');
    const once = new OnceCache();
    once.share(store);
    expect(await once.use('url-state', 'a', 60_000)).toBe(true);
    store.useOnce = AWAY;
    expect(await once.use('url-state', 'a', 60_000)).toBe(false);
    expect(await once.use('url-state', 'b', 60_000)).toBe(true);
  });
});
