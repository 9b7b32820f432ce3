/** How many calls each limit has refused lately. */

const SPAN_MS = 60_000;
/** Of a second each. */
const SLICES = 60;
const SLICE_MS = SPAN_MS / SLICES;

interface Refusals {
  readonly counts: Float64Array;
  /** The slice that was counted in last. */
  last: number;
}

export class RecentRefusals {
  readonly #nowMs: () => number;
  /** Their names are of the configuration: there are few. */
  readonly #byLimit = new Map<string, Refusals>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(limit: string): void {
    const known = this.#byLimit.get(limit) ?? { counts: new Float64Array(SLICES), last: 0 };
    this.#byLimit.set(limit, known);
    this.#forget(known);
    known.counts[known.last % SLICES]! += 1;
  }

  /** In the last minute, by limit; only those that have refused some. */
  told(): Readonly<Record<string, number>> {
    const told: Record<string, number> = {};
    for (const [limit, known] of this.#byLimit) {
      this.#forget(known);
      const sum = known.counts.reduce((all, count) => all + count, 0);
      if (sum > 0) told[limit] = sum;
      else this.#byLimit.delete(limit);
    }
    return told;
  }

  #forget(known: Refusals): void {
    const now = Math.floor(this.#nowMs() / SLICE_MS);
    const gone = Math.min(SLICES, now - known.last);
    for (let slice = 1; slice <= gone; slice += 1) known.counts[(known.last + slice) % SLICES] = 0;
    known.last = now;
  }
}
