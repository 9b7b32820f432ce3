/** Each second so many that happen alike are told of on their own. */
const OWN_LINES = 10;
const WINDOW_MS = 1_000;

/** How they are told of. */
interface Telling<T> {
  one(event: T): void;
  /** `count` more, of which this is the last. */
  more(last: T, count: number): void;
}

interface Alike<T> {
  told: number;
  /** Those that were not told of, and the last of them. */
  untold: number;
  last: T;
}

/** Tells of events: of those that happen alike a few a second on their own, and of the others together. */
export class AlikeEvents<T> {
  readonly #telling: Telling<T>;
  readonly #alike = new Map<string, Alike<T>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(telling: Telling<T>) {
    this.#telling = telling;
  }

  /** @param key what is alike has the same one, of a bounded number of keys */
  note(key: string, event: T): void {
    let alike = this.#alike.get(key);
    if (alike === undefined) {
      alike = { told: 0, untold: 0, last: event };
      this.#alike.set(key, alike);
      this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    }
    if (alike.told < OWN_LINES) {
      alike.told += 1;
      this.#telling.one(event);
    } else {
      alike.untold += 1;
      alike.last = event;
    }
  }

  /** Tells of those that have been counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { untold, last } of this.#alike.values()) if (untold > 0) this.#telling.more(last, untold);
    this.#alike.clear();
  }
}
