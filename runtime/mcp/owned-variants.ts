/** Things that callers have made by asking, kept while they are in use: nobody's crowd out those of others. */

interface Kept<V> {
  readonly owner: string;
  readonly value: V;
}

/** Keeps those that were used last; an owner's own go first once it has its share. */
export class OwnedVariants<V> {
  readonly #max: number;
  readonly #maxOwn: number;
  /** Used last comes last. */
  readonly #kept = new Map<string, Kept<V>>();
  readonly #counts = new Map<string, number>();

  /** @param maxOwn the share of one owner */
  constructor(max: number, maxOwn: number) {
    this.#max = max;
    this.#maxOwn = maxOwn;
  }

  /** What is kept under a key, which is thereby used. */
  use(key: string): V | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  /** Keeps a value under a key that is not taken. Returns what had to go for it. */
  add(owner: string, key: string, value: V): V | undefined {
    const count = (this.#counts.get(owner) ?? 0) + 1;
    this.#kept.set(key, { owner, value });
    this.#counts.set(owner, count);
    if (count > this.#maxOwn) return this.#drop(this.#oldestOf(owner));
    return this.#kept.size > this.#max ? this.#drop(this.#kept.keys().next().value!) : undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#counts.clear();
  }

  #oldestOf(owner: string): string {
    for (const [key, kept] of this.#kept) if (kept.owner === owner) return key;
    throw new Error('an owner with a share has nothing');
  }

  #drop(key: string): V {
    const { owner, value } = this.#kept.get(key)!;
    this.#kept.delete(key);
    const count = this.#counts.get(owner)! - 1;
    if (count === 0) this.#counts.delete(owner);
    else this.#counts.set(owner, count);
    return value;
  }
}
