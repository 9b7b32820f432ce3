/** The GET stream of a legacy session: what the upstream says of its own accord. */
import type { ReplyHeaders } from '../client/reply-head.ts';
import type { Failure } from '../failure.ts';
import { type Message, parseMessages } from '../message.ts';
import { MAX_HELD_BYTES } from '../message-bounds.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { reconnectDelayMs } from './legacy-call.ts';
import type { LegacySession } from './legacy-session.ts';

/** Told what a stream brings. */
interface ListenOwner {
  onMessage(text: string, message: Message): void;
  /** The stream is open again and what was said in between is lost, or it is gone for good. */
  onGap(): void;
}

/** Kept open until `close`, taken up again after each end; given up where the upstream has none (405). */
export class ListenStream implements ExchangeTarget {
  readonly #session: LegacySession;
  readonly #owner: ListenOwner;
  readonly #heard = Promise.withResolvers<boolean>();
  /** Whether the upstream has such a stream; undefined until that is known. */
  #hears: boolean | undefined;
  #exchange: HttpExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #failures = 0;
  #closed = false;

  constructor(session: LegacySession, owner: ListenOwner) {
    this.#session = session;
    this.#owner = owner;
    this.#open();
  }

  /** Whether what the upstream says is heard, but for interruptions; a promise while it has not answered. */
  hears(): boolean | Promise<boolean> {
    return this.#hears ?? this.#heard.promise;
  }

  close(): void {
    this.#closed = true;
    this.#known(false);
    clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  onHead(_headers: ReplyHeaders): void {}

  onEventStream(): void {
    this.#failures = 0;
    const isAgain = this.#hears === true;
    this.#known(true);
    // What has an event id is sent again (MCP 2025-11-25, transports, Resumability).
    if (isAgain && (this.#lastEventId ?? '') === '') this.#owner.onGap();
  }

  onEvent(data: string): void {
    const parsed = parseMessages(data);
    if (parsed === undefined) this.#session.log('warn', 'upstream sent an event that is not JSON-RPC', {});
    else if (Array.isArray(parsed)) for (const { text, message } of parsed) this.#tell(text, message);
    else this.#tell(data, parsed as Message);
  }

  /** An owner must not throw. One that does must not take the connection's reader with it. */
  #tell(text: string, message: Message): void {
    try {
      this.#owner.onMessage(text, message);
    } catch (thrown) {
      this.#session.log('error', 'a message could not be handed on', { cause: thrown });
    }
  }

  onStreamEnd(_cause: Error | undefined): void {
    this.#reopenLater();
  }

  onJson(_text: string): void {
    this.#known(false);
    this.#session.log('warn', 'upstream answered GET with JSON', {});
  }

  onRefusal(status: number, _headers: ReplyHeaders, text: string): void {
    if (status !== 405 && this.#session.endedBy(status, text)) return;
    if (status >= 500 || status === 429) this.#reopenLater();
    else if (this.#lastEventId !== undefined && status !== 405) {
      this.#lastEventId = undefined;
      this.#reopenLater();
    } else {
      this.#known(false);
      if (status !== 405) this.#session.log('warn', 'upstream refused the GET stream', { status });
    }
  }

  onBroken(failure: Failure): void {
    if (failure.condition === 'connect-error') this.#reopenLater();
    else {
      this.#known(false);
      this.#session.log('warn', 'the GET stream is unusable', { cause: String(failure.error.cause) });
    }
  }

  #known(hears: boolean): void {
    const isLost = this.#hears === true && !hears && !this.#closed;
    this.#hears = hears;
    this.#heard.resolve(hears);
    if (isLost) this.#owner.onGap();
  }

  #open(): void {
    this.#exchange = new HttpExchange(this, MAX_HELD_BYTES);
    this.#session.endpoint.aside('GET', this.#session.streamHeaders(this.#lastEventId), null, this.#exchange);
  }

  #reopenLater(): void {
    if (this.#closed) return;
    const parser = this.#exchange?.parser;
    this.#lastEventId = parser?.lastEventId ?? this.#lastEventId;
    this.#retryMs = parser?.retryMs ?? this.#retryMs;
    this.#timer = setTimeout(() => this.#open(), reconnectDelayMs(this.#retryMs, this.#failures)).unref();
    this.#failures += 1;
  }
}
