/** How many of a kind are open, in all and for each key. */

/** Which bound leaves none. */
export type CountBound = 'all' | 'key';

export interface Counts {
  /** Takes one for `key`, or tells which bound leaves none. */
  take(key: string, max: number, maxPerKey: number): CountBound | undefined;
  /** Gives back one that was taken for `key`. */
  giveBack(key: string): void;
}

/** Counts of one thread for itself. */
export class LocalCounts implements Counts {
  readonly #byKey = new Map<string, number>();
  #total = 0;

  take(key: string, max: number, maxPerKey: number): CountBound | undefined {
    if (this.#total >= max) return 'all';
    const own = this.#byKey.get(key) ?? 0;
    if (own >= maxPerKey) return 'key';
    this.#byKey.set(key, own + 1);
    this.#total += 1;
    return undefined;
  }

  giveBack(key: string): void {
    const left = this.#byKey.get(key)! - 1;
    if (left === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
    this.#total -= 1;
  }
}
