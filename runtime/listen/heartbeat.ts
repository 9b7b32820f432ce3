import type { Principal } from '../../schema/principal.ts';
import type { Shedding } from './shedding.ts';

/** What a heartbeat keeps alive. */
export interface Beating {
  /** Called once an interval. */
  beat(): void;
  /** Cuts off a reader of one of these listeners that leaves more than `maxUnreadBytes` unread. */
  relieve?(shedding: Shedding, maxUnreadBytes: number): void;
  /** Ends what a caller of one of these listeners reads whose credential does not count any more. */
  expelRevoked?(shedding: Shedding, isRevoked: (principal: Principal) => boolean): void;
}

const PLACE = Symbol('place');

interface Placed extends Beating {
  [PLACE]?: number;
}

/** One timer that keeps all event streams alive; runs only while there are any. */
export class Heartbeat {
  readonly #everyMs: number;
  /**
   * Each knows its place. No Set: the tables that it has outgrown lead from one to the next, and with them the engine
   * would keep every stream until it collects its old generation.
   */
  readonly #streams: Placed[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(stream: Placed): void {
    if (this.#has(stream)) return;
    stream[PLACE] = this.#streams.length;
    this.#streams.push(stream);
    this.#timer ??= setInterval(() => this.#beat(), this.#everyMs).unref();
  }

  remove(stream: Placed): void {
    if (!this.#has(stream)) return;
    const place = stream[PLACE]!;
    const last = this.#streams.pop()!;
    if (last === stream) return;
    this.#streams[place] = last;
    last[PLACE] = place;
  }

  /** Cuts off slow readers: see {@link Beating.relieve}. */
  relieve(shedding: Shedding, maxUnreadBytes: number): void {
    for (const each of [...this.#streams]) if (this.#has(each)) each.relieve?.(shedding, maxUnreadBytes);
  }

  /** See {@link Beating.expelRevoked}. */
  expelRevoked(shedding: Shedding, isRevoked: (principal: Principal) => boolean): void {
    for (const each of [...this.#streams]) if (this.#has(each)) each.expelRevoked?.(shedding, isRevoked);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #has(stream: Placed): boolean {
    return stream[PLACE] !== undefined && this.#streams[stream[PLACE]] === stream;
  }

  #beat(): void {
    for (const each of [...this.#streams]) if (this.#has(each)) each.beat();
    // Not before: most streams are short, and the next would start it again.
    if (this.#streams.length === 0) this.close();
  }
}

/** A stream is silent for two intervals at most: proxies drop a connection that is so for 30 s. */
export const heartbeat = new Heartbeat(10_000);
