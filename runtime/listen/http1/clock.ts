/** The time of a connection: what it is measured for, and how much of it there is. */
import { deadlines, type Timed } from '../../traffic/deadline.ts';
import type { Limits } from './host.ts';

/** `ahead`: much has come before it may be read. `rest`: of a body that nobody wants, or of a reply. */
export type Measured = 'none' | 'head' | 'body' | 'ahead' | 'idle' | 'rest';

/** For so long the end of a client is not looked for that has sent much too early. */
const AHEAD_MS = 1_000;

/** Clients keep to what they were told, and what they send last must not meet the end. */
const IDLE_GRACE_MS = 1_000;

/** A body that nobody wants is read and thrown away for no longer. */
const MAX_REST_MS = 5_000;

const durationMs = (measured: Exclude<Measured, 'none'>, limits: Limits): number => {
  switch (measured) {
    case 'head':
      return limits.headTimeoutMs;
    case 'body':
      return limits.headTimeoutMs + limits.bodyTimeoutMs;
    case 'ahead':
      return AHEAD_MS;
    case 'idle':
      return limits.idleTimeoutMs + IDLE_GRACE_MS;
    case 'rest':
      return MAX_REST_MS;
  }
};

/** Whose time is measured. */
interface ClockTarget {
  /** It is over. */
  expired(measured: Measured): void;
  /** The clock was looked at, as it is now and then, and there is time left. */
  lasts(): void;
}

const expire = (clock: Clock): void => clock.expire();

export class Clock implements Timed {
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;
  measured: Measured = 'none';
  readonly #target: ClockTarget;
  #limitMs = Number.POSITIVE_INFINITY;

  constructor(target: ClockTarget) {
    this.#target = target;
  }

  /** Begins anew, unless it is measured for that already. */
  run(measured: Measured, limits: Limits): void {
    if (this.measured === measured) return;
    this.measured = measured;
    this.#limitMs =
      measured === 'none' ? Number.POSITIVE_INFINITY : performance.now() + durationMs(measured, limits);
    // Moved only when it comes: most never do.
    if (
      this.#limitMs !== Number.POSITIVE_INFINITY &&
      (this.deadlineSlot < 0 || this.#limitMs < this.deadlineMs)
    )
      deadlines.schedule(this, this.#limitMs);
  }

  /** For good. */
  stop(): void {
    this.measured = 'none';
    this.#limitMs = Number.POSITIVE_INFINITY;
    deadlines.cancel(this);
  }

  onDeadline(): void {
    if (performance.now() < this.#limitMs) {
      if (this.#limitMs === Number.POSITIVE_INFINITY) return;
      deadlines.schedule(this, this.#limitMs);
      this.#target.lasts();
      return;
    }
    // What came while this thread was busy is read first: it was in time.
    setImmediate(expire, this);
  }

  /** Its time is over, unless something else is measured by now. */
  expire(): void {
    if (performance.now() >= this.#limitMs) this.#target.expired(this.measured);
  }
}
