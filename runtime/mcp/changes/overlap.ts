/**
 * What two streams tell of the same changes while one takes the place of the other. The newer one tells of all that
 * happened after a moment that is not known here; the older one goes on for a while. A change is handed on when the
 * first of them tells of it. Counting does that: each tells the changes of one kind in order, so the n-th of one is
 * the n-th of the other, but for those at its beginning that the newer one was too late for.
 */

interface Count {
  /** Of the changes of one kind, those of the stream, and those that it was too late for as far as that is known. */
  told: number;
  /** How many it was behind at least, when it told of one itself: those it was too late for. */
  least: number;
}

/** A change that one stream has told is on its way on the other for no longer than this. */
const ON_ITS_WAY_MS = 400;

export class Overlap<Stream> {
  readonly #streams = new Map<Stream, Map<string, Count>>();
  readonly #all = new Map<string, { told: number; atMs: number }>();
  #overMs = 0;

  /** Another stream is being asked for: what has been told so far is not for it to tell. */
  add(stream: Stream): void {
    const counts = new Map<string, Count>();
    for (const [key, { told }] of this.#all) counts.set(key, { told, least: Number.POSITIVE_INFINITY });
    this.#streams.set(stream, counts);
  }

  /** A stream tells of a change of the kind `key`. True: it is new. */
  tells(stream: Stream, key: string, nowMs: number): boolean {
    const counts = this.#streams.get(stream);
    if (counts === undefined) return false;
    if (this.#streams.size === 1 && nowMs - this.#overMs > ON_ITS_WAY_MS) {
      this.#all.clear();
      counts.clear();
      return true;
    }
    const own = counts.get(key) ?? { told: 0, least: Number.POSITIVE_INFINITY };
    const all = this.#all.get(key) ?? { told: 0, atMs: nowMs };
    counts.set(key, own);
    own.told += 1;
    const isKnown =
      own.told <= all.told && (this.#isLed(stream, key, all.told) || nowMs - all.atMs < ON_ITS_WAY_MS);
    if (isKnown) {
      own.least = Math.min(own.least, all.told - own.told);
      return false;
    }
    own.told = Math.max(own.told, all.told + 1);
    own.least = 0;
    this.#all.set(key, { told: own.told, atMs: nowMs });
    return true;
  }

  /** A stream is over. Of those that are left none is behind by what it was too late for any more. */
  delete(stream: Stream, nowMs: number): void {
    this.#streams.delete(stream);
    this.#overMs = nowMs;
    for (const counts of this.#streams.values())
      for (const count of counts.values()) {
        if (count.least === Number.POSITIVE_INFINITY) continue;
        count.told += count.least;
        count.least = 0;
      }
  }

  /** Whether another stream has told as many. */
  #isLed(stream: Stream, key: string, told: number): boolean {
    for (const [other, counts] of this.#streams)
      if (other !== stream && counts.get(key)?.told === told) return true;
    return false;
  }
}
