/** A cache that holds a bounded weight and forgets what was not asked for lately. */

interface Weighted<V> {
  readonly value: V;
  readonly weight: number;
}

/**
 * Two halves: new and found entries go to the young one; when it is full, it becomes the old one and the old one
 * is dropped. A hit costs one look-up, and nothing is ever moved one by one.
 */
export class TokenCache<V> {
  readonly #halfWeight: number;
  #young = new Map<string, Weighted<V>>();
  #old = new Map<string, Weighted<V>>();
  #youngWeight = 0;

  /** `maxWeight` in whatever `set` is told. */
  constructor(maxWeight: number) {
    this.#halfWeight = maxWeight / 2;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#insert(key, old);
    return old.value;
  }

  set(key: string, value: V, weight: number): void {
    this.delete(key);
    this.#insert(key, { value, weight });
  }

  delete(key: string): void {
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#young.delete(key);
      this.#youngWeight -= young.weight;
    }
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngWeight = 0;
  }

  #insert(key: string, entry: Weighted<V>): void {
    if (entry.weight > this.#halfWeight) return;
    if (this.#youngWeight + entry.weight > this.#halfWeight) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, entry);
    this.#youngWeight += entry.weight;
  }
}
