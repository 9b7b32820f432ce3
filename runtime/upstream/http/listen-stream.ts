/** The GET stream of a legacy session: what the upstream says of its own accord. */
import type { IncomingHttpHeaders } from 'node:http';
import { DEFAULT_MAX_BYTES } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Message, parseMessages } from '../message.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { reconnectDelayMs } from './legacy-call.ts';
import type { LegacySession } from './legacy-session.ts';

/** Kept open until `close`, taken up again after each end; given up where the upstream has none (405). */
export class ListenStream implements ExchangeTarget {
  readonly #session: LegacySession;
  readonly #onMessage: (text: string, message: Message) => void;
  #exchange: HttpExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #failures = 0;
  #closed = false;

  constructor(session: LegacySession, onMessage: (text: string, message: Message) => void) {
    this.#session = session;
    this.#onMessage = onMessage;
    this.#open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  onHead(_headers: IncomingHttpHeaders): void {}

  onEventStream(): void {
    this.#failures = 0;
  }

  onEvent(data: string): void {
    const parsed = parseMessages(data);
    if (parsed === undefined) this.#session.log('warn', 'upstream sent an event that is not JSON-RPC', {});
    else if (Array.isArray(parsed)) for (const each of parsed) this.#onMessage(JSON.stringify(each), each);
    else this.#onMessage(data, parsed as Message);
  }

  onStreamEnd(_cause: Error | undefined): void {
    this.#reopenLater();
  }

  onJson(_text: string): void {
    this.#session.log('warn', 'upstream answered GET with JSON', {});
  }

  onRefusal(status: number, _headers: IncomingHttpHeaders, text: string): void {
    if (status !== 405 && this.#session.endedBy(status, text)) return;
    if (status >= 500 || status === 429) this.#reopenLater();
    else if (status !== 405) this.#session.log('warn', 'upstream refused the GET stream', { status });
  }

  onBroken(failure: Failure): void {
    if (failure.condition === 'connect-error') this.#reopenLater();
    else this.#session.log('warn', 'the GET stream is unusable', { cause: String(failure.error.cause) });
  }

  #open(): void {
    this.#exchange = new HttpExchange(this, DEFAULT_MAX_BYTES);
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
