/** Holds that are given back together. */
import type { Closable, Lease, SharedObjects } from './shared.ts';
import type { TurnTaking } from './turn-taking.ts';

/** Takes shared objects, one after the other, so that others get their turn in between. */
export class Leases {
  readonly #turns: TurnTaking;
  readonly #leases: Lease<Closable>[] = [];

  constructor(turns: TurnTaking) {
    this.#turns = turns;
  }

  /** As {@link SharedObjects.acquire}. */
  async take<T extends Closable>(
    shared: SharedObjects<T>,
    id: string,
    fingerprint: string,
    create: () => T | Promise<T>,
  ): Promise<T> {
    await this.#turns.next();
    const lease = await shared.acquire(id, fingerprint, create);
    this.#leases.push(lease);
    return lease.object;
  }

  /** Gives all back, the latest first. Never throws. */
  async release(): Promise<void> {
    const given: Promise<void>[] = [];
    for (const lease of this.#leases.splice(0).reverse()) {
      await this.#turns.next();
      given.push(lease.release());
    }
    await Promise.all(given);
  }
}
