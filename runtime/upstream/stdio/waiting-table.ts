/**
 * Who waits, by the id that was sent. Not a Map, whose tables lead from the one to the next as calls come and go: with
 * them the engine would keep the calls until it collects its old generation (see swap-remove.ts).
 */

/** No id: they start at 1. */
const FREE = 0;

/** A power of two, as all sizes are. So many that common loads come and go without another size. */
const MIN_SLOTS = 256;

/** Ids are positive integers that are given out in turn: few share a slot, and the next free one is near. */
export class WaitingTable<T> {
  #ids: number[] = new Array<number>(MIN_SLOTS).fill(FREE);
  #items: (T | undefined)[] = new Array<T | undefined>(MIN_SLOTS).fill(undefined);
  #mask = MIN_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `id` may be any number that a process wrote. */
  get(id: number): T | undefined {
    return id > FREE ? this.#items[this.#find(id)] : undefined;
  }

  set(id: number, item: T): void {
    if (2 * this.#size >= this.#ids.length) this.#resize(2 * this.#ids.length);
    const at = this.#find(id);
    if (this.#ids[at] === FREE) this.#size += 1;
    this.#ids[at] = id;
    this.#items[at] = item;
  }

  delete(id: number): void {
    let hole = this.#find(id);
    if (this.#ids[hole] === FREE) return;
    this.#size -= 1;
    // What was pushed on by the one that leaves moves back, or it would not be found.
    for (let at = (hole + 1) & this.#mask; this.#ids[at] !== FREE; at = (at + 1) & this.#mask) {
      const wanted = this.#ids[at]! & this.#mask;
      if (((at - wanted) & this.#mask) < ((at - hole) & this.#mask)) continue;
      this.#ids[hole] = this.#ids[at]!;
      this.#items[hole] = this.#items[at];
      hole = at;
    }
    this.#ids[hole] = FREE;
    this.#items[hole] = undefined;
    if (this.#ids.length > MIN_SLOTS && 8 * this.#size < this.#ids.length) this.#resize(this.#ids.length / 2);
  }

  /** All, in no order. */
  all(): readonly T[] {
    return this.#items.filter((item): item is T => item !== undefined);
  }

  /** Where it is, or the free slot where it would be. */
  #find(id: number): number {
    let at = id & this.#mask;
    while (this.#ids[at] !== id && this.#ids[at] !== FREE) at = (at + 1) & this.#mask;
    return at;
  }

  #resize(slots: number): void {
    const [ids, items] = [this.#ids, this.#items];
    this.#ids = new Array<number>(slots).fill(FREE);
    this.#items = new Array<T | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    for (const [from, id] of ids.entries()) {
      if (id === FREE) continue;
      const at = this.#find(id);
      this.#ids[at] = id;
      this.#items[at] = items[from];
    }
  }
}
