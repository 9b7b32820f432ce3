/** What one thread has yet to tell the store of its places: of each at most one thing, however often it is said. */
import { type Placed, removeAt } from '../swap-remove.ts';
import type { PlaceStep } from './state-store.ts';

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

/** `new`: the store has not heard of it. */
export interface OwnLease extends Lease, Placed {
  readonly tell: (news: LeaseNews) => void;
  state: 'new' | 'asked' | 'waiting' | 'held' | 'left';
}

interface LeaseStep {
  readonly what: PlaceStep['what'];
  readonly lease: OwnLease;
}

const STEPS_AT_ONCE = 200;

/**
 * What is given back goes first, then what is renewed. Who waits stands in the line of its name, in the order in which
 * the store heard of them: where the first gets no place, nobody behind it does, so that few need to ask.
 */
export class LeaseSteps {
  // Sets that are empty are given up for others: see swap-remove.ts.
  #leaving = new Set<OwnLease>();
  #renewing = new Set<OwnLease>();
  #entering = new Set<OwnLease>();
  /** None is empty. */
  readonly #lines = new Map<string, OwnLease[]>();

  get isEmpty(): boolean {
    return this.#leaving.size + this.#renewing.size + this.#entering.size === 0;
  }

  /** How many lines there are. */
  get lines(): number {
    return this.#lines.size;
  }

  /** All who wait. */
  waiting(): readonly OwnLease[] {
    return [...this.#lines.values()].flat();
  }

  enter(lease: OwnLease): void {
    this.#entering.add(lease);
  }

  renew(lease: OwnLease): void {
    this.#renewing.add(lease);
  }

  leave(lease: OwnLease): void {
    const isKnown = lease.state !== 'new';
    this.forget(lease);
    lease.state = 'left';
    if (isKnown) this.#leaving.add(lease);
  }

  /** Puts it into its line, where it is not there yet. */
  wait(lease: OwnLease): void {
    const isThere = lease.state === 'waiting';
    lease.state = 'waiting';
    const line = this.#lines.get(lease.name);
    if (line === undefined) this.#lines.set(lease.name, [lease]);
    else if (!isThere) line.push(lease);
  }

  /** Waits no longer, and has nothing to tell. */
  forget(lease: OwnLease): void {
    this.#entering.delete(lease);
    this.#renewing.delete(lease);
    if (lease.state !== 'waiting') return;
    const line = this.#lines.get(lease.name) ?? [];
    removeAt(line, line.indexOf(lease));
    if (line.length === 0) this.#lines.delete(lease.name);
  }

  /** The first so many of a line ask again. */
  wake(name: string, count: number): void {
    let left = count;
    for (const lease of this.#lines.get(name) ?? []) {
      if (left <= 0) return;
      left -= 1;
      this.#entering.add(lease);
    }
  }

  /** The first of each line asks again. */
  wakeFirst(): void {
    for (const name of this.#lines.keys()) this.wake(name, 1);
  }

  /** What goes with the next round trip. For each place that is given back, one who waits for it asks. */
  next(): readonly LeaseStep[] {
    const steps: LeaseStep[] = [];
    this.#leaving = move(this.#leaving, 'leave', steps);
    const free = new Map<string, number>();
    for (const { lease } of steps) free.set(lease.name, (free.get(lease.name) ?? 0) + 1);
    for (const [name, count] of free) this.wake(name, count);
    this.#renewing = move(this.#renewing, 'renew', steps);
    const known = steps.length;
    this.#entering = move(this.#entering, 'enter', steps);
    for (const { lease } of steps.slice(known)) if (lease.state === 'new') lease.state = 'asked';
    return steps;
  }
}

/** As many as still go with a round trip. Returns those that do not. */
const move = (from: Set<OwnLease>, what: PlaceStep['what'], steps: LeaseStep[]): Set<OwnLease> => {
  for (const lease of from) {
    if (steps.length >= STEPS_AT_ONCE) return from;
    from.delete(lease);
    steps.push({ what, lease });
  }
  return new Set();
};
