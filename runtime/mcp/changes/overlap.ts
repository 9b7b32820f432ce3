/**
 * What two streams tell of the same changes while one takes the place of the other. The newer one has been asked
 * for when it is added, and tells of all that happened after some later moment; the older one goes on for a while.
 * A change is handed on when the first of them tells of it. Counting does that: of one kind of change each stream
 * tells in order, so the n-th of one is the n-th of the other, or an earlier one that both have.
 */

type Counts = Map<string, number>;

export class Overlap<Stream> {
  readonly #counts = new Map<Stream, Counts>();
  #told: Counts = new Map();

  /** Another stream is being asked for. */
  add(stream: Stream): void {
    this.#counts.set(stream, new Map(this.#told));
  }

  /** A stream tells of a change of the kind `key`. True: it is new. */
  tells(stream: Stream, key: string): boolean {
    const counts = this.#counts.get(stream);
    if (counts === undefined) return false;
    // Nothing need be counted for one that is alone.
    if (this.#counts.size === 1) return true;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= (this.#told.get(key) ?? 0)) return false;
    this.#told.set(key, count);
    return true;
  }

  /**
   * A stream is over. Those that are left begin anew: what they did not tell and this one did lies before their
   * time. `pending` is one that was asked for and has told of nothing yet: its time is still to come.
   */
  delete(stream: Stream, pending: Stream | undefined): void {
    this.#counts.delete(stream);
    if (this.#counts.size <= 1) this.#told = new Map();
    if (stream === pending) return;
    for (const left of this.#counts.keys()) if (left !== pending) this.#counts.set(left, new Map(this.#told));
  }
}
