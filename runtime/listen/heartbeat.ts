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

/** One timer that keeps all event streams alive; runs only while there are any. */
export class Heartbeat {
  readonly #everyMs: number;
  readonly #streams = new Set<Beating>();
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(stream: Beating): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => {
      for (const each of this.#streams) each.beat();
    }, this.#everyMs).unref();
  }

  remove(stream: Beating): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.close();
  }

  /** Cuts off slow readers: see {@link Beating.relieve}. */
  relieve(shedding: Shedding, maxUnreadBytes: number): void {
    for (const each of this.#streams) each.relieve?.(shedding, maxUnreadBytes);
  }

  /** See {@link Beating.expelRevoked}. */
  expelRevoked(shedding: Shedding, isRevoked: (principal: Principal) => boolean): void {
    for (const each of this.#streams) each.expelRevoked?.(shedding, isRevoked);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** A stream is silent for two intervals at most: proxies drop a connection that is so for 30 s. */
export const heartbeat = new Heartbeat(10_000);
