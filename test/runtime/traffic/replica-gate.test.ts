import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LEASE_MS, PlaceLeases } from '../../../runtime/state/place-leases.ts';
import type { StateStore } from '../../../runtime/state/state-store.ts';
import { createConcurrencyGate } from '../../../runtime/traffic/concurrency.ts';
import type { Ticket } from '../../../runtime/traffic/fair-gate.ts';
import { ReplicaGate } from '../../../runtime/traffic/replica-gate.ts';
import { MemoryPlaces } from '../../support/memory-places.ts';
import { MemoryTable, storeOf } from '../../support/memory-table.ts';

const bounds = { max: 2, queue: 4, queueTimeoutMs: 60_000 };

const leasesOf = (
  places: Pick<MemoryPlaces, 'places'>,
  onUnavailable: StateStore['onUnavailable'] = 'deny',
): PlaceLeases =>
  new PlaceLeases({
    ...storeOf(new MemoryTable(), onUnavailable),
    places: (steps, leaseMs) => places.places(steps, leaseMs),
  });

const replicaOf = (
  places: Pick<MemoryPlaces, 'places'>,
  onUnavailable: StateStore['onUnavailable'] = 'deny',
): ReplicaGate => {
  const leases = leasesOf(places, onUnavailable);
  return new ReplicaGate({ gate: createConcurrencyGate(), leases, onUnavailable, nameOf: (key) => key });
};

describe('a gate of several replicas', () => {
  let places: MemoryPlaces;
  let told: string[];

  const enter = (gate: ReplicaGate, name: string, over: Partial<typeof bounds> = {}): Ticket | undefined => {
    const ticket = gate.enter(
      'key',
      name,
      { ...bounds, ...over },
      { granted: () => told.push(`${name} in`), refused: (why) => told.push(`${name} ${why}`) },
    );
    if (ticket === undefined) told.push(`${name} turned away`);
    return ticket;
  };
  const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    places = new MemoryPlaces(() => performance.now());
    told = [];
  });
  afterEach(() => void vi.useRealTimers());

  test('lets so many in at a time at all of them, and the next by the order in which they came', async () => {
    const [one, other] = [replicaOf(places), replicaOf(places)];
    const a = enter(one, 'a');
    enter(other, 'b');
    await settle();
    enter(other, 'c');
    await settle();
    enter(one, 'd');
    await settle();
    expect(told).toEqual(['a in', 'b in']);
    expect([one.held, one.waiting, other.held, other.waiting]).toEqual([1, 1, 1, 1]);
    a!.leave();
    a!.leave();
    await settle();
    expect(told).toEqual(['a in', 'b in', 'c in']);
    expect([one.held, one.waiting, other.held, other.waiting]).toEqual([0, 1, 2, 0]);
  });

  test('refuses what is over at once where nobody may wait, and what has waited for too long', async () => {
    const [one, other] = [replicaOf(places), replicaOf(places)];
    enter(one, 'a', { max: 1 });
    await settle();
    enter(other, 'b', { max: 1, queue: 0 });
    enter(one, 'c', { max: 1, queueTimeoutMs: 1000 });
    await settle();
    expect(told).toEqual(['a in', 'b full']);
    enter(other, 'd', { max: 1, queueTimeoutMs: 1000 });
    await settle(1200);
    expect(told).toEqual(['a in', 'b full', 'c late', 'd late']);
    expect([one.waiting, other.waiting, places.of('key', true).length]).toEqual([0, 0, 0]);
  });

  test('takes the places of a replica that is no more, once its leases end', async () => {
    const dead = leasesOf(places);
    const news: string[] = [];
    dead.enter({ name: 'key', max: 2, queue: 4 }, (each) => news.push(each));
    dead.enter({ name: 'key', max: 2, queue: 4 }, (each) => news.push(each));
    await settle(0);
    expect(news).toEqual(['held', 'held']);
    // Its timers stand still, as those of a dead one do.
    vi.clearAllTimers();
    enter(replicaOf(places), 'heir');
    await settle(LEASE_MS - 1000);
    expect(told).toEqual([]);
    await settle(2000);
    expect(told).toEqual(['heir in']);
  });

  test('keeps its places for as long as its calls run, and tells a store of them that has lost them', async () => {
    const [one, other] = [replicaOf(places), replicaOf(places)];
    enter(one, 'a', { max: 1 });
    await settle(10 * LEASE_MS);
    expect(places.of('key', false)).toHaveLength(1);
    places.reset();
    await settle(LEASE_MS / 2);
    enter(other, 'b', { max: 1, queueTimeoutMs: 1000 });
    await settle(2000);
    expect(told).toEqual(['a in', 'b late']);
  });

  test('refuses while the store is away, or counts for itself and tells it later, as is declared', async () => {
    const [strict, lenient] = [replicaOf(places), replicaOf(places, 'local')];
    places.isAway = true;
    enter(strict, 'a');
    enter(lenient, 'b');
    enter(lenient, 'c');
    const d = enter(lenient, 'd');
    await settle();
    expect(told).toEqual(['a away', 'b in', 'c in']);
    d!.leave();
    expect([strict.held, strict.waiting, lenient.held, lenient.waiting]).toEqual([0, 0, 2, 0]);
    places.isAway = false;
    await settle(LEASE_MS / 2);
    expect(places.of('key', false)).toHaveLength(2);
  });

  test('asks once for all that come together, and never of what nobody holds or awaits', async () => {
    const gate = replicaOf(places);
    const tickets = Array.from({ length: 100 }, (_, at) => enter(gate, `caller-${at}`, { max: 100 }));
    await settle(0);
    expect([told.length, places.asked]).toEqual([100, 1]);
    await settle(3000);
    expect(places.asked).toBe(2);
    for (const ticket of tickets) ticket!.leave();
    await settle(60_000);
    expect(places.asked).toBe(3);
  });

  test('asks of those who wait no more than what may be free, first what is given back, then who waited longest', async () => {
    const gate = replicaOf(places);
    const many = { max: 100, queue: 1000 };
    const tickets = Array.from({ length: 100 }, (_, at) => enter(gate, `caller-${at}`, many));
    await settle(0);
    const replicas = [replicaOf(places), replicaOf(places)];
    for (let at = 0; at < 200; at += 1) {
      enter(replicas[at % 2]!, `waiting-${at}`, many);
      await settle(0);
    }
    told = [];
    places.told.length = 0;
    for (const ticket of tickets) ticket!.leave();
    await settle(100);
    expect(told.toSorted()).toEqual(Array.from({ length: 100 }, (_, at) => `waiting-${at} in`).toSorted());
    expect(places.told.slice(0, 100)).toEqual(Array(100).fill('leave'));
    expect(places.told.length).toBeLessThan(100 + 3 * 100);
    // While nothing changes, only the first of each asks.
    places.told.length = 0;
    await settle(1000);
    expect(places.told.length).toBeLessThanOrEqual(2 * (1000 / 25));
  });

  test('tells of each place one thing at most, however long the store takes', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const gate = replicaOf({
      places: async (steps, leaseMs) => {
        await answered;
        return await places.places(steps, leaseMs);
      },
    });
    const tickets = Array.from({ length: 20 }, (_, at) => enter(gate, `caller-${at}`));
    await settle(10 * LEASE_MS);
    // Of these the store never hears.
    for (let at = 0; at < 50; at += 1) enter(gate, 'brief')?.leave();
    for (const ticket of tickets) ticket?.leave();
    answer();
    await settle();
    const sent = places.told.filter((what) => what === 'enter').length;
    expect(sent).toBeLessThanOrEqual(bounds.max);
    expect(places.told).toEqual([...Array(sent).fill('enter'), ...Array(sent).fill('leave')]);
  });

  test('gives all back at the end, and waits for the store no longer than it may', async () => {
    const leases = leasesOf(places);
    for (let at = 0; at < 500; at += 1) leases.enter({ name: 'key', max: 300, queue: 500 }, () => undefined);
    await settle(0);
    expect([places.of('key', false).length, places.of('key', true).length]).toEqual([300, 200]);
    await leases.close(1000);
    expect([places.of('key', false), places.of('key', true)]).toEqual([[], []]);
    const hanging = leasesOf({ places: () => new Promise(() => undefined) });
    hanging.enter({ name: 'key', ...bounds }, () => undefined);
    await settle(0);
    let isClosed = false;
    void hanging.close(1000).then(() => {
      isClosed = true;
    });
    await settle(999);
    expect(isClosed).toBe(false);
    await settle(1);
    expect(isClosed).toBe(true);
  });

  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ enters: fc.nat(2), caller: fc.constantFrom('ann', 'bob') }) },
    { weight: 4, arbitrary: fc.record({ leaves: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ waitMs: fc.constantFrom(0, 1, 30, 300) }) },
  );

  test('whoever comes and leaves: no more are in than may be, and in the end nobody waits beside a free place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const store = new MemoryPlaces(() => performance.now());
        const replicas = [replicaOf(store), replicaOf(store), replicaOf(store)];
        const visits = new Set<{ ticket?: Ticket; isIn: boolean }>();
        const inside = (): number => [...visits].filter(({ isIn }) => isIn).length;
        for (const each of steps) {
          if ('enters' in each) {
            const visit: { ticket?: Ticket; isIn: boolean } = { isIn: false };
            const ticket = replicas[each.enters]!.enter('key', each.caller, bounds, {
              granted: () => {
                visit.isIn = true;
                expect(inside()).toBeLessThanOrEqual(bounds.max);
              },
              refused: () => void visits.delete(visit),
            });
            if (ticket !== undefined) {
              visit.ticket = ticket;
              visits.add(visit);
            }
          } else if ('leaves' in each) {
            const visit = [...visits][each.leaves];
            if (visit === undefined) continue;
            visits.delete(visit);
            visit.ticket!.leave();
          } else await settle(each.waitMs);
        }
        await settle();
        expect(inside()).toBe(Math.min(visits.size, bounds.max));
        expect(replicas.reduce((sum, { held }) => sum + held, 0)).toBe(inside());
        expect(replicas.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(visits.size - inside());
        for (const { ticket } of visits) ticket!.leave();
        await settle();
        expect([store.of('key', true), store.of('key', false)]).toEqual([[], []]);
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
