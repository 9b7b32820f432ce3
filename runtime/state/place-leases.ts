/** Places over all replicas, as one thread holds and awaits them: what it asks of the store goes in few round trips. */
import { randomBytes } from 'node:crypto';
import { place, swapRemove } from '../swap-remove.ts';
import { type Lease, type LeaseNews, LeaseSteps, type OwnLease, type PlaceBounds } from './lease-steps.ts';
import type { PlaceAnswer, StateStore } from './state-store.ts';

/** Who has been silent for so long is taken to be no more. */
export const LEASE_MS = 10_000;
const RENEW_MS = 3_000;
/** The first of each line looks so often whether its turn has come, */
const LOOK_MS = 25;
/** and less often where there are many lines. */
const LOOKS_PER_MS = 10;
/** Where all who asked got in, there may be room for more: so many times as many ask next. */
const MORE = 2;

/** One round trip at a time: what is asked meanwhile goes with the next. */
export class PlaceLeases {
  readonly #store: StateStore;
  readonly #thread = randomBytes(9).toString('base64url');
  readonly #steps = new LeaseSteps();
  readonly #held: OwnLease[] = [];
  #asked = 0;
  #asking: Promise<void> | undefined;
  #looking: NodeJS.Timeout | undefined;
  #renewing: NodeJS.Timeout | undefined;
  #endAtMs = Number.POSITIVE_INFINITY;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Asks for a place; `tell` is called once, and never before this has returned, unless it is left before. */
  enter(bounds: PlaceBounds, tell: (news: LeaseNews) => void): Lease {
    this.#asked += 1;
    const lease: OwnLease = {
      ...bounds,
      id: `${this.#thread}:${this.#asked}`,
      tell,
      state: 'new',
      place: -1,
    };
    this.#steps.enter(lease);
    this.#ask();
    return lease;
  }

  /** Holds on to a place that the store could not be asked for: it is told of it when it is back. */
  keep(lease: Lease): void {
    this.#hold(lease as OwnLease);
  }

  /** Gives a place back, or waits no longer. */
  leave(given: Lease): void {
    const lease = given as OwnLease;
    if (lease.state === 'left') return;
    swapRemove(this.#held, lease);
    this.#steps.leave(lease);
    this.#ask();
  }

  /**
   * No lease is for longer than until then, on the clock of performance.now(), those that are held included: they are
   * over with the process, whether the store is told or not.
   */
  endBy(atMs: number): void {
    this.#endAtMs = atMs;
    this.#renew();
  }

  /** Gives all back; resolves when the store has been told, or cannot be, or after `withinMs`. */
  async close(withinMs: number): Promise<void> {
    clearTimeout(this.#looking);
    clearInterval(this.#renewing);
    for (const lease of [...this.#held, ...this.#steps.waiting()]) this.leave(lease);
    if (this.#asking === undefined) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([this.#asking, late]);
    clearTimeout(timer);
  }

  #ask(): void {
    this.#asking ??= this.#askAll();
  }

  async #askAll(): Promise<void> {
    // All that is asked in one go is told together.
    await undefined;
    for (let steps = this.#steps.next(); steps.length > 0; steps = this.#steps.next()) {
      const told = steps.map(({ what, lease: { id, name, max, queue } }) => ({ what, id, name, max, queue }));
      const entering = steps.flatMap(({ what, lease }, at) => (what === 'enter' ? [{ lease, at }] : []));
      try {
        const answers = await this.#store.places(told, this.#leaseMs());
        const admitted = new Map<string, number>();
        for (const { lease, at } of entering) this.#answer(lease, answers[at]!, admitted);
        for (const [name, count] of admitted) this.#steps.wake(name, count * MORE);
      } catch {
        // Told of by the store itself; what it was to be told of ends by itself there.
        for (const { lease } of entering) this.#take(lease, 'away');
      }
    }
    this.#asking = undefined;
  }

  /** @param admitted how many got in that waited, of lines where nobody after them was refused a place yet */
  #answer(lease: OwnLease, answer: PlaceAnswer, admitted: Map<string, number>): void {
    const wasWaiting = lease.state === 'waiting';
    if (wasWaiting && answer === 'held') admitted.set(lease.name, (admitted.get(lease.name) ?? 0) + 1);
    // Nobody behind it in its line gets in either.
    if (answer === 'waits') admitted.delete(lease.name);
    this.#take(lease, answer);
  }

  #take(lease: OwnLease, news: LeaseNews | 'waits'): void {
    if (lease.state !== 'asked' && lease.state !== 'waiting') return;
    if (news === 'waits') {
      this.#steps.wait(lease);
      this.#lookLater();
      this.#renewLater();
      return;
    }
    this.#steps.forget(lease);
    if (news === 'held') this.#hold(lease);
    // It may have been taken, although that was not answered.
    else if (news === 'full') lease.state = 'left';
    lease.tell(news);
  }

  #hold(lease: OwnLease): void {
    lease.state = 'held';
    place(this.#held, lease);
    this.#renewLater();
    // It may have been asked for before it was known that the end is near.
    if (this.#leaseMs() < LEASE_MS) this.#steps.renew(lease);
  }

  #leaseMs(): number {
    return Math.max(1, Math.min(LEASE_MS, Math.ceil(this.#endAtMs - performance.now())));
  }

  #renewLater(): void {
    this.#renewing ??= setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  #renew(): void {
    for (const lease of this.#held) this.#steps.renew(lease);
    for (const lease of this.#steps.waiting()) this.#steps.enter(lease);
    if (!this.#steps.isEmpty) this.#ask();
    if (this.#held.length > 0 || this.#steps.lines > 0) return;
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }

  /** Places that others give back are found so. */
  #lookLater(): void {
    if (this.#looking !== undefined) return;
    const look = (): void => {
      this.#looking = undefined;
      this.#steps.wakeFirst();
      if (!this.#steps.isEmpty) this.#ask();
    };
    this.#looking = setTimeout(look, LOOK_MS + this.#steps.lines / LOOKS_PER_MS).unref();
  }
}
