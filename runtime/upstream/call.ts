/** One request in flight: breaker and retries around the attempts of a transport. */
import type { RetryCondition } from '../../schema/graph/upstream.ts';
import { asGatewayError, type GatewayError } from '../errors.ts';
import type { Admission, Breaker } from '../traffic/breaker.ts';
import { deadlines } from '../traffic/deadline.ts';
import type { NoPlace, Ticket, Waiting } from '../traffic/fair-gate.ts';
import { retryDelayMs } from '../traffic/retry.ts';
import { busyError } from './bulkhead.ts';
import { CallClock } from './call-clock.ts';
import { type Failure, timeoutFailure } from './failure.ts';
import type { LargeReply, OutboundRequest, ReplySink } from './link.ts';
import { isObject, type Message } from './message.ts';
import { DEFAULT_MAX_BYTES } from './message-bounds.ts';
import type { Traffic } from './traffic.ts';

/** The one request that stays open for as long as both sides like (MCP 2026-07-28, subscriptions). */
const LISTEN = 'subscriptions/listen';

/**
 * A request from admission to its end. A transport extends it, sends in `attempt` and reports by `answering`,
 * `message`, `respond` and `failed`; after the end its reports are ignored.
 */
export abstract class Call extends CallClock implements Waiting {
  readonly maxBytes: number;
  /** Whether it stays open: it has no deadline once it is answered. */
  readonly staysOpen: boolean;
  protected readonly breaker: Breaker | undefined;
  readonly #sink: ReplySink;
  /** True once the sink has its end, or the caller took the request back. */
  over = false;
  #streaming = false;
  #large: LargeReply | undefined;
  #admission: Admission = 0;
  /** Its place at the upstream, or in the queue. */
  #ticket: Ticket | undefined;
  #attempts = 0;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(traffic: Traffic, request: OutboundRequest, sink: ReplySink) {
    super(traffic, request);
    this.breaker = traffic.breakers?.of(request.tool);
    this.maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
    this.staysOpen = request.method === LISTEN;
    this.#sink = sink;
  }

  /** Sends the request once. Must not throw. */
  protected abstract attempt(): void;
  /** Stops the transport's work for a request that is over: taken back (with its reason) or timed out. */
  protected abstract abandon(reason: string): void;
  /** Whether a failed attempt, nothing of which was sent, is to be made again at once at another place. */
  protected moves(_failure: Failure): boolean {
    return false;
  }
  /** Told exactly once, whatever the end was. */
  protected ended(): void {}

  /** Admits and sends; the end comes through the sink. */
  start(): void {
    const now = performance.now();
    this.begin(now);
    this.traffic.inFlight += 1;
    if (this.endMs <= now) {
      this.onDeadline();
      return;
    }
    this.traffic.budget?.earn();
    const { bulkhead } = this.traffic;
    if (bulkhead === undefined || this.staysOpen) {
      this.#try(now);
      return;
    }
    this.#ticket = bulkhead.enter(this.request.caller, this);
    if (this.#ticket === undefined) this.refused('full');
    else if (this.#ticket.isHeld) this.#try(now);
    else this.untilEnd();
  }

  /** Its turn has come. */
  granted(): void {
    if (this.over) return;
    const now = performance.now();
    if (now < this.endMs) this.#try(now);
    else this.onDeadline();
  }

  refused(why: NoPlace): void {
    if (this.over) return;
    this.#finish();
    this.#tellError(busyError(why));
  }

  cancel(reason = 'the caller went away'): void {
    if (this.over) return;
    this.#finish();
    if (this.#admission !== 0) this.breaker?.release(this.#admission);
    if (this.#attempts > 0) this.abandon(reason);
  }

  /** Stops the clock: the upstream waits for its caller, which counts against neither deadline nor breaker. */
  pause(): void {
    if (this.over || this.isPaused) return;
    this.stop();
    if (this.#admission !== 0) this.breaker?.success(this.#admission);
    this.#admission = 0;
    this.#ticket?.leave();
  }

  /** Lets the clock run on from where it was stopped. */
  resume(): void {
    if (!this.over) this.goOn();
  }

  onDeadline(): void {
    if (this.over) return;
    const isCallers = this.endsForCaller;
    const failure = timeoutFailure(`${this.request.method} after ${this.elapsedMs} ms`);
    this.#finish();
    this.#settle(isCallers ? { error: failure.error, sent: true } : failure);
    if (this.#attempts > 0) this.abandon('timeout');
    this.#tellError(failure.error);
  }

  /** The headers of an attempt: those of the request and, where the upstream is told, how long it may take. */
  protected get sentHeaders(): readonly string[] {
    const { deadlineHeader } = this.traffic;
    const { headers } = this.request;
    if (deadlineHeader === undefined || this.staysOpen) return headers;
    return [...headers, deadlineHeader, String(this.toldMs)];
  }

  /** The first byte of a sound answer is here. */
  protected answering(): void {
    if (this.over) return;
    if (this.staysOpen) {
      // No deadline any more, and no probe of the breaker that lasts as long.
      deadlines.cancel(this);
      if (this.#admission !== 0) this.breaker?.success(this.#admission);
      this.#admission = 0;
      return;
    }
    this.answered();
  }

  /** The answer is a stream. */
  protected streaming(): void {
    if (this.over || this.#streaming) return;
    this.#streaming = true;
    try {
      this.#sink.onStream();
    } catch (thrown) {
      this.#bug(thrown);
    }
  }

  /** The stream was closed early, to be taken up again. */
  protected suspended(): void {
    if (this.over) return;
    this.#guarded(() => this.#sink.onSuspend());
  }

  /** A notification or request that belongs to this request. Progress that was asked for extends the deadline. */
  message(text: string, message: Message): void {
    if (this.over) return;
    if (this.deadlineSlot >= 0 && this.#isAskedProgress(message)) this.progressed();
    try {
      this.#sink.onMessage(text, message);
    } catch (thrown) {
      this.#bug(thrown);
    }
  }

  /** The response. `healthy` is false where the transport said at the same time that the upstream is not. */
  respond(text: string, message: Message, healthy = true): void {
    if (this.over) return;
    this.#finish();
    if (this.#admission !== 0) {
      if (!healthy) this.breaker?.failure(this.#admission, 'status');
      else if (this.traffic.fails?.(message) === true) this.breaker?.failure(this.#admission, 'answer');
      else this.breaker?.success(this.#admission);
    }
    try {
      this.#sink.onResponse(text, message);
    } catch (thrown) {
      this.#bug(thrown);
      // Nothing else would ever end it: its deadline is gone.
      this.#tellError(asGatewayError(thrown));
    }
  }

  /** Who takes the response in pieces, if anybody does. */
  largeReply(): LargeReply | undefined {
    return this.over ? undefined : this.#sink.onLarge?.();
  }

  /** Whether some of the response is with the client already. */
  protected get isPassing(): boolean {
    return this.#large !== undefined;
  }

  /** The response goes to `reply` in pieces from now on; it is too late to try again. */
  passing(reply: LargeReply): void {
    if (!this.over) this.#large = reply;
  }

  /** Some of it was passed on. A client that does not read is no silence of the upstream's: `held` waits for it. */
  passed(held: boolean): void {
    if (this.over || this.isPaused) return;
    if (held) this.isHeld();
    else this.progressed();
  }

  /** All of it was passed on. */
  passedWhole(): void {
    if (this.over) return;
    this.#finish();
    if (this.#admission !== 0) this.breaker?.success(this.#admission);
    this.#guarded(() => this.#large?.end());
  }

  /** An attempt failed: it is made again or the call ends. */
  failed(failure: Failure): void {
    if (this.over) return;
    const { breaker } = this;
    const { budget, context, upstream } = this.traffic;
    if (this.moves(failure)) {
      context.observer.onRetry(upstream, 'failover');
      this.#send(performance.now());
      return;
    }
    const delayMs = this.#retryDelayMs(failure);
    this.#settle(failure);
    if (
      delayMs === undefined ||
      (breaker !== undefined && breaker.state === 'open') ||
      (budget !== undefined && !budget.spend())
    ) {
      this.#finish();
      this.#tellError(failure.error);
      return;
    }
    context.observer.onRetry(upstream, failure.condition as RetryCondition);
    this.untilEnd();
    this.#retryTimer = setTimeout(() => this.#try(performance.now()), delayMs);
  }

  /** Whether `failed` would make another attempt: for answers that could be relayed instead. */
  protected retries(failure: Failure): boolean {
    return this.#retryDelayMs(failure) !== undefined;
  }

  /** Whether it may be sent once more beside itself; that is counted. */
  protected mayHedge(): boolean {
    const { breaker } = this;
    const { budget, context, upstream } = this.traffic;
    if (this.over || (breaker !== undefined && breaker.state !== 'closed')) return false;
    if (budget !== undefined && !budget.spend()) return false;
    context.observer.onRetry(upstream, 'hedge');
    return true;
  }

  #retryDelayMs(failure: Failure): number | undefined {
    const { retry } = this.traffic;
    if (retry === undefined || this.#streaming || this.#large !== undefined) return undefined;
    if (this.traffic.budget?.affords === false) return undefined;
    const { condition, sent, retryAfterMs } = failure;
    const { idempotent } = this.request;
    const delayMs = retryDelayMs(
      retry,
      { condition, sent, retryAfterMs },
      this.#attempts,
      idempotent,
      Math.random,
    );
    if (delayMs === undefined) return undefined;
    return performance.now() + delayMs < this.endMs ? delayMs : undefined;
  }

  #try(nowMs: number): void {
    const { breaker } = this;
    if (breaker !== undefined) {
      this.#admission = breaker.admit();
      if (this.#admission === 0) {
        this.#finish();
        this.#tellError(breaker.refusal());
        return;
      }
    }
    this.#attempts += 1;
    this.#send(nowMs);
  }

  #send(nowMs: number): void {
    this.sends(nowMs);
    this.attempt();
  }

  #settle(failure: Failure): void {
    if (this.#admission === 0) return;
    if (failure.counts === undefined) this.breaker?.release(this.#admission);
    else this.breaker?.failure(this.#admission, failure.counts);
    this.#admission = 0;
  }

  #finish(): void {
    this.over = true;
    this.traffic.inFlight -= 1;
    deadlines.cancel(this);
    this.#ticket?.leave();
    if (this.#retryTimer !== undefined) clearTimeout(this.#retryTimer);
    this.ended();
  }

  #tellError(error: GatewayError): void {
    const large = this.#large;
    this.#guarded(() => (large === undefined ? this.#sink.onError(error) : large.fail(error)));
  }

  /** A sink must not throw. One that does must not take other calls of the connection with it. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (thrown) {
      this.#bug(thrown);
    }
  }

  #bug(thrown: unknown): void {
    const { context, upstream } = this.traffic;
    context.log('error', 'a reply could not be handed on', { upstream, cause: thrown });
  }

  /** Nobody may make a call last longer by telling of what its caller did not ask for. */
  #isAskedProgress({ method, params }: Message): boolean {
    const { mayProgress, id } = this.request;
    return (
      method === 'notifications/progress' &&
      mayProgress === true &&
      isObject(params) &&
      params.progressToken === id
    );
  }
}
