/** The clock of one request in flight: how long it may take, and for how long its upstream is silent. */
import { deadlines, type Timed } from '../traffic/deadline.ts';
import type { OutboundRequest } from './link.ts';
import type { Traffic } from './traffic.ts';

/** What sums and differences of moments may be beside them. */
const ROUNDING_MS = 0.001;

export abstract class CallClock implements Timed {
  readonly request: OutboundRequest;
  protected readonly traffic: Traffic;
  #startedMs = 0;
  /** How long it may take without progress. */
  #callMs = 0;
  #hardMs = 0;
  /** Whether that is when the caller gives it up. */
  #isCallersEnd = false;
  /** Whether it was sent when some of its time had passed: it had waited, or this is not the first attempt. */
  #isLate = false;
  /** Since when nothing is heard of the upstream, in what counts as life. */
  #silentSinceMs = 0;
  /** When it was stopped; absent while it runs. */
  #pausedMs: number | undefined;

  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;

  constructor(traffic: Traffic, request: OutboundRequest) {
    this.traffic = traffic;
    this.request = request;
  }

  abstract onDeadline(): void;

  /** Begins: from when the call came, which may be before it could be sent. */
  protected begin(nowMs: number): void {
    const { timeouts } = this.traffic;
    const { timeoutMs = Number.POSITIVE_INFINITY, maxTimeoutMs = timeoutMs, deadlineMs } = this.request;
    this.#startedMs = nowMs - (this.request.preparingMs ?? 0);
    this.#callMs = Math.min(timeouts.callMs, timeoutMs);
    this.#hardMs = this.#startedMs + Math.min(timeouts.callMaxMs, maxTimeoutMs);
    if (deadlineMs === undefined || deadlineMs >= this.#hardMs) return;
    this.#hardMs = deadlineMs;
    this.#isCallersEnd = true;
  }

  /** When it ends without progress. */
  protected get endMs(): number {
    return this.#softMs(this.#startedMs);
  }

  /** How long it takes so far. */
  protected get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }

  protected get isPaused(): boolean {
    return this.#pausedMs !== undefined;
  }

  /**
   * Whether time is up for the caller alone, or for a call that had little left when it was sent: that is no failure of the
   * upstream's, which was not silent for long.
   */
  protected get endsForCaller(): boolean {
    if (!this.#isLate && (!this.#isCallersEnd || performance.now() < this.#hardMs)) return false;
    const { givenUpAfterMs, timeouts } = this.traffic;
    // Up to when it was told to, not to when it was seen: a gateway that is late makes no failure of it.
    const silentMs = this.deadlineMs - this.#silentSinceMs;
    return silentMs < givenUpAfterMs && silentMs < timeouts.firstByteMs - ROUNDING_MS;
  }

  /** How long the upstream is told that it may take, at the moment. */
  protected get toldMs(): number {
    const endMs = this.request.mayProgress === true ? this.#hardMs : this.endMs;
    return Math.max(Math.floor(endMs - performance.now()), 1);
  }

  /** It waits, for its turn or for another attempt: nothing but its end counts. */
  protected untilEnd(): void {
    deadlines.schedule(this, this.endMs);
  }

  /** It is sent: the first byte of the answer has a time of its own. */
  protected sends(nowMs: number): void {
    this.#silentSinceMs = nowMs;
    this.#isLate = nowMs > this.#startedMs;
    deadlines.schedule(this, Math.min(nowMs + this.traffic.timeouts.firstByteMs, this.endMs));
  }

  /** The first byte of the answer is here. */
  protected answered(): void {
    const { firstByteMs, callMs } = this.traffic.timeouts;
    if (firstByteMs < callMs && this.#pausedMs === undefined) deadlines.schedule(this, this.endMs);
  }

  /** The upstream told of life that gives it more time. */
  protected progressed(): void {
    this.#silentSinceMs = performance.now();
    deadlines.schedule(this, this.#softMs(this.#silentSinceMs));
  }

  /** The client does not read: the upstream is not silent. */
  protected isHeld(): void {
    this.#silentSinceMs = Number.POSITIVE_INFINITY;
    deadlines.schedule(this, this.#hardMs);
  }

  protected stop(): void {
    this.#pausedMs = performance.now();
    deadlines.cancel(this);
  }

  /** Lets it run on from where it was stopped. */
  protected goOn(): void {
    if (this.#pausedMs === undefined) return;
    const nowMs = performance.now();
    this.#startedMs += nowMs - this.#pausedMs;
    this.#hardMs += nowMs - this.#pausedMs;
    this.#pausedMs = undefined;
    deadlines.schedule(this, this.#softMs(nowMs));
  }

  #softMs(fromMs: number): number {
    return Math.min(fromMs + this.#callMs, this.#hardMs);
  }
}
