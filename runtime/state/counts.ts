/** How many of a kind are open, in all and for each key. */

/** Which bound leaves none. */
export type CountBound = 'all' | 'key';

export interface Counts {
  /** Takes `amount` for `key`, one if absent, or none of it and tells which bound leaves too few. */
  take(key: string, max: number, maxPerKey: number, amount?: number): CountBound | undefined;
  /** Gives back as many that were taken for `key`. */
  giveBack(key: string, amount?: number): void;
}

/** Counts of one thread for itself. */
export class LocalCounts implements Counts {
  readonly #byKey = new Map<string, number>();
  #total = 0;

  take(key: string, max: number, maxPerKey: number, amount = 1): CountBound | undefined {
    if (this.#total + amount > max) return 'all';
    const own = (this.#byKey.get(key) ?? 0) + amount;
    if (own > maxPerKey) return 'key';
    this.#byKey.set(key, own);
    this.#total += amount;
    return undefined;
  }

  giveBack(key: string, amount = 1): void {
    const left = this.#byKey.get(key)! - amount;
    if (left === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
    this.#total -= amount;
  }
}
