/** Places over all replicas, as one thread holds and awaits them: what it asks of the store goes in few round trips. */
import { randomBytes } from 'node:crypto';
import type { PlaceStep, StateStore } from './state-store.ts';

/** What is known of a place that was asked for; `away`: the store cannot be asked. */
export type LeaseNews = 'held' | 'full' | 'away';

export interface PlaceBounds {
  /** What is counted together, at all replicas. */
  readonly name: string;
  readonly max: number;
  /** How many may wait for a place, of all replicas. */
  readonly queue: number;
}

export interface Lease extends PlaceBounds {
  readonly id: string;
}

interface OwnLease extends Lease {
  readonly tell: (news: LeaseNews) => void;
  state: 'asked' | 'waiting' | 'held' | 'left';
}

/** Who has been silent for so long is taken to be no more. */
export const LEASE_MS = 10_000;
const RENEW_MS = 3_000;
/** One that waits looks so often whether its turn has come, */
const LOOK_MS = 25;
/** and less often where many do. */
const LOOKS_PER_MS = 10;
const STEPS_AT_ONCE = 200;

/** One round trip at a time: what is asked meanwhile goes with the next, in the order in which it was asked. */
export class PlaceLeases {
  readonly #store: StateStore;
  readonly #thread = randomBytes(9).toString('base64url');
  #asked = 0;
  #steps: { readonly what: PlaceStep['what']; readonly lease: OwnLease }[] = [];
  #isAsking = false;
  readonly #held = new Set<OwnLease>();
  readonly #waiting = new Set<OwnLease>();
  #looking: NodeJS.Timeout | undefined;
  #renewing: NodeJS.Timeout | undefined;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Asks for a place; `tell` is called once, and never before this has returned, unless it is left before. */
  enter(bounds: PlaceBounds, tell: (news: LeaseNews) => void): Lease {
    this.#asked += 1;
    const lease: OwnLease = { ...bounds, id: `${this.#thread}:${this.#asked}`, tell, state: 'asked' };
    this.#ask('enter', lease);
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
    lease.state = 'left';
    this.#held.delete(lease);
    this.#waiting.delete(lease);
    this.#ask('leave', lease);
    for (const each of this.#waiting) if (each.name === lease.name) this.#ask('enter', each);
  }

  #ask(what: PlaceStep['what'], lease: OwnLease): void {
    this.#steps.push({ what, lease });
    if (this.#isAsking) return;
    this.#isAsking = true;
    queueMicrotask(() => void this.#askAll());
  }

  async #askAll(): Promise<void> {
    while (this.#steps.length > 0) {
      const steps = this.#steps.splice(0, STEPS_AT_ONCE);
      try {
        const told = steps.map(({ what, lease: { id, name, max, queue } }) => ({
          what,
          id,
          name,
          max,
          queue,
        }));
        const answers = await this.#store.places(told, LEASE_MS);
        for (const [at, { what, lease }] of steps.entries())
          if (what === 'enter') this.#take(lease, answers[at]!);
      } catch {
        // Told of by the store itself; what it was to be told of ends by itself there.
        for (const { what, lease } of steps) if (what === 'enter') this.#take(lease, 'away');
      }
    }
    this.#isAsking = false;
  }

  #take(lease: OwnLease, news: LeaseNews | 'waits'): void {
    if (lease.state !== 'asked' && lease.state !== 'waiting') return;
    if (news === 'waits') {
      lease.state = 'waiting';
      this.#waiting.add(lease);
      this.#lookLater();
      return;
    }
    this.#waiting.delete(lease);
    if (news === 'held') this.#hold(lease);
    // It may have been taken, although that was not answered.
    else if (news === 'full') lease.state = 'left';
    lease.tell(news);
  }

  #hold(lease: OwnLease): void {
    lease.state = 'held';
    this.#held.add(lease);
    this.#renewing ??= setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  #renew(): void {
    for (const lease of this.#held) this.#ask('renew', lease);
    if (this.#held.size > 0) return;
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }

  #lookLater(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setTimeout(
      () => {
        this.#looking = undefined;
        for (const lease of this.#waiting) this.#ask('enter', lease);
      },
      LOOK_MS + this.#waiting.size / LOOKS_PER_MS,
    ).unref();
  }
}
