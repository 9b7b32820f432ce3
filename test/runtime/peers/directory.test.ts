import { afterEach, describe, expect, it, vi } from 'vitest';
import { Directory } from '../../../runtime/peers/directory.ts';
import { type Replica, type StateStore, StoreAway } from '../../../runtime/state/state-store.ts';
import { MemoryTable, storeOf } from '../../support/memory-table.ts';

/** A store that knows replicas, answers when it is told to, and may be away. */
class Replicas {
  readonly there = new Map<string, Replica>();
  isAway = false;
  asked = 0;
  /** Announces itself between any two questions. */
  rival: Replica | undefined;
  /** Answers wait for it. */
  gate: Promise<void> | undefined;

  get store(): StateStore {
    return {
      ...storeOf(new MemoryTable()),
      announce: async (replica) => {
        this.#assertThere();
        const rivals = [...this.there.values()].filter(
          ({ id, address }) => id !== replica.id && address === replica.address,
        );
        for (const { id } of rivals) this.there.delete(id);
        this.there.set(replica.id, replica);
        return [...rivals, ...(this.rival === undefined ? [] : [this.rival]), ...this.there.values()];
      },
      replicas: async () => {
        this.asked += 1;
        const told = [...this.there.values()];
        await this.gate;
        this.#assertThere();
        return told;
      },
      leave: async (id) => {
        this.#assertThere();
        this.there.delete(id);
      },
    };
  }

  #assertThere(): void {
    if (this.isAway) throw new StoreAway('away');
  }
}

const ONE = { id: 'one', address: '10.0.0.1:7946' };
const TWO = { id: 'two', address: '10.0.0.2:7946' };

describe('a directory of replicas', () => {
  const open: Directory[] = [];
  afterEach(() => Promise.all(open.splice(0).map((directory) => directory.leave())));

  const enter = async (replicas: Replicas) => {
    const events = {
      onUnlisted: vi.fn<(id: string) => void>(),
      onCount: vi.fn<(count: number) => void>(),
      onRival: vi.fn<() => void>(),
    };
    const directory = new Directory(ONE, replicas.store, events);
    open.push(directory);
    await directory.enter();
    return { directory, ...events };
  };

  it('knows at once who was there before, and itself not', async () => {
    const replicas = new Replicas();
    replicas.there.set('two', TWO);
    const { directory, onCount } = await enter(replicas);
    expect(directory.find('two')).toBe(TWO.address);
    expect(directory.find('one')).toBeUndefined();
    expect(onCount).toHaveBeenLastCalledWith(2);
    expect(replicas.asked).toBe(0);
  });

  it('asks for whom it does not know, and tells who is gone from who cannot be known', async () => {
    const replicas = new Replicas();
    const { directory } = await enter(replicas);
    expect(await directory.look('two')).toEqual({ kind: 'gone' });
    replicas.there.set('two', TWO);
    expect(await directory.look('two')).toEqual({ kind: 'at', address: TWO.address });
    replicas.isAway = true;
    expect(await directory.look('two')).toEqual({ kind: 'unknown' });
    expect(directory.find('two')).toBe(TWO.address);
  });

  it('keeps who is not listed any more until it is found not to answer, and says so once', async () => {
    const replicas = new Replicas();
    replicas.there.set('two', TWO);
    const { directory, onUnlisted } = await enter(replicas);
    replicas.there.clear();
    for (let times = 0; times < 3; times += 1) expect(await directory.look('two')).toEqual({ kind: 'gone' });
    expect(onUnlisted.mock.calls).toEqual([['two']]);
    expect(directory.find('two')).toBe(TWO.address);
    directory.forget('two');
    expect(directory.find('two')).toBeUndefined();
  });

  it('asks one question at a time, however many wait, and none of before their own', async () => {
    const replicas = new Replicas();
    const { directory } = await enter(replicas);
    const gate = Promise.withResolvers<void>();
    replicas.gate = gate.promise;
    const early = directory.look('two');
    // It comes once the first question has been put.
    await vi.waitFor(() => expect(replicas.asked).toBe(1), 15_000);
    replicas.there.set('two', TWO);
    const late = Array.from({ length: 100 }, () => directory.look('two'));
    gate.resolve();
    expect(await early).toEqual({ kind: 'gone' });
    expect(new Set((await Promise.all(late)).map(({ kind }) => kind))).toEqual(new Set(['at']));
    expect(replicas.asked).toBe(2);
    expect(await directory.look('two')).toMatchObject({ kind: 'at' });
    expect(replicas.asked).toBe(3);
  });

  it('tells of one that is said to be at its own address, but not of one that was there before', async () => {
    vi.useFakeTimers();
    const replicas = new Replicas();
    replicas.there.set('former', { ...ONE, id: 'former' });
    const { directory, onRival, onCount } = await enter(replicas);
    expect(onCount).toHaveBeenLastCalledWith(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onRival).not.toHaveBeenCalled();
    replicas.rival = { ...ONE, id: 'rival' };
    await vi.advanceTimersByTimeAsync(20_000);
    expect(onRival).toHaveBeenCalledOnce();
    expect(directory.find('rival')).toBeUndefined();
    vi.useRealTimers();
  });

  it('enters, looks and leaves without a store, and lives', async () => {
    const replicas = new Replicas();
    replicas.isAway = true;
    const { directory } = await enter(replicas);
    expect(await directory.look('two')).toEqual({ kind: 'unknown' });
    await directory.leave();
  });
});
