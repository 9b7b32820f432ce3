/** Who wants to be told of what, by its name. */
export class Names<Follower> {
  readonly #followers = new Map<string, Set<Follower>>();

  get size(): number {
    return this.#followers.size;
  }

  has(name: string): boolean {
    return this.#followers.has(name);
  }

  /** Those who want it. */
  of(name: string): Iterable<Follower> {
    return this.#followers.get(name) ?? [];
  }

  add(follower: Follower, names: readonly string[] = []): void {
    for (const name of names) {
      const known = this.#followers.get(name);
      if (known === undefined) this.#followers.set(name, new Set([follower]));
      else known.add(follower);
    }
  }

  delete(follower: Follower, names: readonly string[] = []): void {
    for (const name of names) {
      const known = this.#followers.get(name);
      known?.delete(follower);
      if (known?.size === 0) this.#followers.delete(name);
    }
  }

  /** All names, with `more`; undefined for none. */
  with(more: readonly (readonly string[] | undefined)[]): string[] | undefined {
    const all = new Set(this.#followers.keys());
    for (const names of more) for (const name of names ?? []) all.add(name);
    return all.size === 0 ? undefined : [...all];
  }
}
