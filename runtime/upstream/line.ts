/** A line that can be left from any place in it, as fast as from its head. */

/** Something that waits. Its members belong to the line; start them at the values named. */
export interface InLine<T> {
  /** Starts false. */
  waits: boolean;
  /** Starts undefined. */
  lineNext: T | undefined;
  /** Starts undefined. */
  linePrevious: T | undefined;
}

/**
 * First come, first served; each is in one line at a time. Who has left leads to nobody who is or was in it: no table
 * that was outgrown, and no neighbour, keeps those that are done.
 */
export class Line<T extends InLine<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    const last = this.#last;
    item.waits = true;
    item.linePrevious = last;
    if (last === undefined) this.#first = item;
    else last.lineNext = item;
    this.#last = item;
    this.#length += 1;
  }

  /** Takes the first out. */
  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.leave(first);
    return first;
  }

  /** Harmless where it does not wait. */
  leave(item: T): void {
    if (!item.waits) return;
    const { lineNext: next, linePrevious: previous } = item;
    if (previous === undefined) this.#first = next;
    else previous.lineNext = next;
    if (next === undefined) this.#last = previous;
    else next.linePrevious = previous;
    item.waits = false;
    item.lineNext = undefined;
    item.linePrevious = undefined;
    this.#length -= 1;
  }
}
