/** A call within a legacy session: its stream may end early and be taken up again by GET. */

import type { Placed } from '../../swap-remove.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import {
  ENDPOINT_UNREACHED,
  type Failure,
  isUnreached,
  lineFullFailure,
  protocolFailure,
  SESSION_UNKNOWN,
  upstreamError,
} from '../failure.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import type { Message } from '../message.ts';
import type { SlotCall } from './connection-slots.ts';
import { HttpExchange } from './exchange.ts';
import { HttpCall } from './http-call.ts';
import type { LegacySession } from './legacy-session.ts';

/** How long until a stream is taken up again where the upstream names no time. */
const DEFAULT_RECONNECT_MS = 1000;
const MIN_RECONNECT_MS = 10;
const MAX_RECONNECT_MS = 30_000;

/** The delay before the next try, after `failures` tries without an event. */
export const reconnectDelayMs = (retryMs: number | undefined, failures: number): number => {
  const baseMs = Math.max(retryMs ?? DEFAULT_RECONNECT_MS, MIN_RECONNECT_MS);
  return failures === 0 ? baseMs : Math.min(baseMs * 2 ** failures, Math.max(baseMs, MAX_RECONNECT_MS));
};

/**
 * A request of a session. An early end of its stream is no failure where an event id was seen (MCP 2025-11-25,
 * SSE polling); its deadline bounds the whole.
 */
export class LegacyHttpCall extends HttpCall implements SlotCall, Placed {
  place = -1;
  hasSlot = false;
  waits = false;
  lineNext: SlotCall | undefined = undefined;
  linePrevious: SlotCall | undefined = undefined;
  ofCaller: SlotCall['ofCaller'] = undefined;
  readonly #session: LegacySession;
  readonly #onEnd: (call: LegacyHttpCall) => void;
  /** Whether the upstream may know of it from before what is under way now. */
  #wasSent = false;
  #resuming = false;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    session: LegacySession,
    request: OutboundRequest,
    sink: ReplySink,
    onEnd: (call: LegacyHttpCall) => void,
  ) {
    super(session.endpoint, request, sink);
    this.#session = session;
    this.#onEnd = onEnd;
  }

  get caller(): string {
    return this.request.caller ?? '';
  }

  protected get linkHeaders(): readonly string[] {
    return this.#session.postHeaders;
  }

  protected sideMessage(text: string, message: Message): void {
    if (!this.#session.answersItself(message)) this.message(text, message);
  }

  protected override abandon(reason: string): void {
    super.abandon(reason);
    // Of what still waits for a connection the upstream knows nothing.
    if (this.#wasSent || this.exchange?.sent === true) this.#session.takeBack(this.request.id, reason);
  }

  protected override attempt(): void {
    this.#wasSent ||= this.exchange?.sent === true;
    if (this.request.mayPause !== true) super.attempt();
    else if (!this.endpoint.slots.enter(this)) this.failed(lineFullFailure());
  }

  runInSlot(): void {
    super.attempt();
  }

  override pause(): void {
    super.pause();
    this.endpoint.slots.leave(this);
  }

  override resume(): void {
    if (!this.over && this.request.mayPause === true) this.endpoint.slots.reenter(this);
    super.resume();
  }

  protected override ended(): void {
    clearTimeout(this.#timer);
    if (this.request.mayPause === true) this.endpoint.slots.leave(this);
    this.#onEnd(this);
  }

  override onEvent(data: string): void {
    this.#failures = 0;
    super.onEvent(data);
  }

  override onStreamEnd(cause: Error | undefined): void {
    const parser = this.exchange?.parser;
    this.#lastEventId = parser?.lastEventId ?? this.#lastEventId;
    this.#retryMs = parser?.retryMs ?? this.#retryMs;
    const resumable = this.#lastEventId !== undefined && this.#lastEventId !== '';
    if (!resumable || this.isPassing) super.onStreamEnd(cause);
    else this.#resumeLater();
  }

  override onRefusal(status: number, headers: ReplyHeaders, text: string): void {
    if (this.#session.endedBy(status, text)) {
      const cause = this.#resuming ? 'session ended by the upstream' : SESSION_UNKNOWN;
      const error = upstreamError('upstream_unavailable', cause);
      this.failed({ error, sent: true });
    } else if (!this.#resuming) {
      super.onRefusal(status, headers, text);
    } else if (status >= 500) {
      this.#resumeLater();
    } else {
      this.failed(protocolFailure(`stream not resumed, status ${status}`));
    }
  }

  override onBroken(failure: Failure): void {
    if (this.#resuming && failure.condition === 'connect-error') this.#resumeLater();
    else if (isUnreached(failure) && this.endpoint.onUnreached !== undefined)
      this.#lose(this.endpoint.onUnreached);
    else super.onBroken(failure);
  }

  /** The link was closed by its owner. */
  abort(): void {
    this.exchange?.abort();
    this.failed({ error: upstreamError('shutting_down', 'closed'), sent: true });
  }

  /** There are other endpoints: the session ends, and the call is made anew in one that is opened there. */
  #lose(onUnreached: () => void): void {
    onUnreached();
    const error = upstreamError('upstream_unavailable', ENDPOINT_UNREACHED);
    this.#session.end(error);
    this.failed({ error, sent: false });
  }

  #resumeLater(): void {
    if (this.over) return;
    const delayMs = reconnectDelayMs(this.#retryMs, this.#failures);
    this.#failures += 1;
    if (!this.#resuming || this.exchange?.parser !== undefined) this.suspended();
    this.#resuming = true;
    this.#wasSent = true;
    this.#timer = setTimeout(() => {
      this.exchange = new HttpExchange(this, this.maxBytes);
      this.endpoint.aside('GET', this.#session.streamHeaders(this.#lastEventId), null, this.exchange);
    }, delayMs);
  }
}
