/** Server-sent events (WHATWG HTML, 9.2) as a reply. */
import type { Principal } from '../../schema/principal.ts';
import { EventWriter } from './event-writer.ts';
import type { WebExchange, WebResponse } from './exchange.ts';
import { heartbeat } from './heartbeat.ts';
import { LARGE_EVENT_LENGTH, sendInPieces } from './large-event.ts';
import { breakOff } from './outflow.ts';
import { writeHead } from './reply.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { Shedding } from './shedding.ts';
import { LITTLE_UNREAD_BYTES, UnreadShare } from './unread-room.ts';

/** How slowly a stream may be read. */
export interface StreamBounds {
  /** A reader that has more to read than this is cut off when the next event comes, however large that is. */
  readonly maxBufferedBytes: number;
  /** So is one that takes nothing of a large event for as long. */
  readonly stallMs?: number;
}

const BOUNDS: StreamBounds = { maxBufferedBytes: 8 * 1024 * 1024 };
const LINE_BREAK = /\r\n|\r|\n/;
const STREAM_HEADERS = Object.freeze([
  'content-type',
  'text/event-stream',
  'cache-control',
  'no-store, no-transform',
  'x-accel-buffering',
  'no',
]);

const flushHead = (stream: EventStream, response: WebResponse): void => {
  if (!stream.started && !stream.closed) response.flushHeaders();
};

const forget = ({ request }: WebExchange): void => request.forget();

/** What waits for the end of an event that comes in pieces. */
interface Behind {
  readonly texts: string[];
  /** Of all but the largest: one that is large does not make its reader slow. */
  length: number;
  largest: number;
  /** The event itself is there whole: only its reader is waited for. */
  readonly whole: boolean;
}

/** An open stream of events. Writes after its end are ignored. */
export class EventStream {
  readonly #exchange: WebExchange;
  readonly #response: WebResponse;
  readonly #bounds: StreamBounds;
  #written = false;
  #quiet = true;
  #closed = false;
  #behind: Behind | undefined;
  #expiresAtMs: number | undefined;
  #unread: UnreadShare | undefined;
  /** Called once, when the client went away, read too slowly or may read no longer; not after `end`. */
  onClose: (() => void) | undefined;
  /** Called once, when nothing waits any more of what `send` said of that it waits. */
  onSent: (() => void) | undefined;

  constructor(exchange: WebExchange, bounds: StreamBounds) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.#bounds = bounds;
    heartbeat.add(this);
    exchange.onAbort = () => this.#abandon();
    process.nextTick(flushHead, this, this.#response);
  }

  /** Whether anything was written yet. */
  get started(): boolean {
    return this.#written;
  }

  /** Whether the stream has ended, by whichever side. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What the client has not read yet. */
  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  /** The stream is to last for long, and what only its request needs is not asked for any more. */
  lasts(): void {
    // Not before all that is done with the request now has been.
    if (!this.#closed) setImmediate(forget, this.#exchange);
  }

  /**
   * When its reader's credential expires, in milliseconds since the epoch; undefined: never. From then on nothing is
   * sent, and the stream ends in order with the next that would be, or with the next beat.
   */
  expires(atMs: number | undefined): void {
    this.#expiresAtMs = atMs;
  }

  /**
   * One event. `data` may have several lines; `id` and `event` have no line break. False: it was not handed to the
   * connection whole, because it is large or behind one that is, or because the stream is closed.
   */
  send(data: string, id?: string, event?: string): boolean {
    if (this.#endExpired()) return false;
    const lines = LINE_BREAK.test(data) ? data.split(LINE_BREAK).join('\ndata: ') : data;
    const head = event === undefined ? '' : `event: ${event}\n`;
    this.#write(`${head}${id === undefined ? '' : `id: ${id}\n`}data: ${lines}\n\n`);
    return this.#behind === undefined && !this.#closed;
  }

  /**
   * One event whose data comes in pieces; what is sent meanwhile follows it. Its reader may be as slow as it likes,
   * within a deadline. `begin` is called before its first byte and gives its id, `onEnd` when it is whole.
   * Undefined: its reader may read no longer.
   */
  openEvent(begin: () => string | undefined, onEnd: () => void): ResponseWriter | undefined {
    if (this.#endExpired()) return undefined;
    const opened = (): string | undefined => {
      this.#written = true;
      this.#behind = { texts: [], length: 0, largest: 0, whole: false };
      return begin();
    };
    return new EventWriter(this.#exchange, opened, () => {
      this.#goOn();
      onEnd();
    });
  }

  /** An event without data that only sets the client's last event id (MCP 2025-11-25, priming event). */
  prime(id: string): void {
    this.#write(`id: ${id}\ndata: \n\n`);
  }

  /** A line that clients ignore. */
  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  /** How long the client is to wait before it connects again. */
  retry(ms: number): void {
    this.#write(`retry: ${ms}\n\n`);
  }

  /** A comment, if nothing was sent since the last beat. */
  beat(): void {
    if (this.#endExpired()) return;
    this.#unread?.update(this.bufferedBytes);
    if (this.#quiet && this.#behind === undefined) this.comment('');
    this.#quiet = true;
  }

  relieve(shedding: Shedding, maxUnreadBytes: number): void {
    if (this.#exchange.lifecycle.shedding !== shedding) return;
    const unreadBytes = this.bufferedBytes + (this.#behind?.length ?? 0);
    if (unreadBytes > maxUnreadBytes) this.#cutOff();
    else this.#unread?.update(unreadBytes);
  }

  expelRevoked(shedding: Shedding, isRevoked: (principal: Principal) => boolean): void {
    const { lifecycle, principal } = this.#exchange;
    if (lifecycle.shedding === shedding && isRevoked(principal)) this.#dismiss();
  }

  /** Ends the reply after what was sent. An event that is not there whole is broken off. */
  end(): void {
    if (this.#closed) return;
    const isBroken = this.#behind?.whole === false;
    this.#close();
    if (isBroken) breakOff(this.#exchange);
    else if (this.#behind === undefined) this.#response.end();
    const { onClose } = this;
    // What is over must hold nothing: a chain of dead calls would outlive the young generation.
    this.onClose = undefined;
    if (isBroken) onClose?.();
  }

  #endExpired(): boolean {
    if (this.#expiresAtMs === undefined || this.#closed || Date.now() < this.#expiresAtMs) return false;
    this.#dismiss();
    return true;
  }

  /** Ends in order for a reader who may read no longer. */
  #dismiss(): void {
    const { onClose } = this;
    this.onClose = undefined;
    this.end();
    onClose?.();
  }

  #write(text: string): void {
    if (this.#closed) return;
    this.#written = true;
    this.#quiet = false;
    this.#put(text);
  }

  /** What waits already tells whether the reader is slow; how large the next event is does not. */
  #put(text: string): void {
    const behind = this.#behind;
    if ((behind?.length ?? this.#response.writableLength) > this.#bounds.maxBufferedBytes) this.#cutOff();
    else if (behind !== undefined) {
      behind.texts.push(text);
      behind.length += Math.min(text.length, behind.largest);
      behind.largest = Math.max(text.length, behind.largest);
    } else if (text.length < LARGE_EVENT_LENGTH) this.#response.write(text);
    else this.#putInPieces(text);
    const unreadBytes = this.#response.writableLength + (behind?.length ?? 0);
    if (unreadBytes > LITTLE_UNREAD_BYTES && !this.#closed) this.#countUnread(unreadBytes);
  }

  #countUnread(bytes: number): void {
    this.#unread ??= new UnreadShare(this.#exchange.lifecycle.shedding.unread);
    this.#unread.update(bytes);
  }

  #putInPieces(text: string): void {
    this.#behind = { texts: [], length: 0, largest: 0, whole: true };
    sendInPieces(
      this.#exchange,
      text,
      () => this.#goOn(),
      () => this.#abandon(),
      this.#bounds.stallMs,
    );
  }

  /** After an event in pieces: what waited for its end, and the end of the stream if that was asked for. */
  #goOn(): void {
    const texts = this.#behind?.texts ?? [];
    this.#behind = undefined;
    for (const text of texts) if (!this.#response.destroyed) this.#put(text);
    if (this.#behind !== undefined || this.#response.destroyed) return;
    const { onSent } = this;
    this.onSent = undefined;
    if (this.#closed) this.#response.end();
    onSent?.();
  }

  #cutOff(): void {
    this.#exchange.record.outcome = 'slow_reader';
    this.#response.destroy();
    this.#abandon();
  }

  #abandon(): void {
    if (this.#closed) return;
    this.#close();
    this.onClose?.();
  }

  #close(): void {
    this.#closed = true;
    this.#exchange.onAbort = undefined;
    heartbeat.remove(this);
    this.#unread?.update(0);
  }
}

/**
 * Begins a reply that is a stream of events, never cached or held back by a proxy. `headers` are flat, names in
 * lower case. If the client is gone already the stream is closed from the start.
 */
export const startEventStream = (
  exchange: WebExchange,
  headers: readonly string[] = [],
  bounds = BOUNDS,
): EventStream => {
  const open = writeHead(
    exchange,
    200,
    headers.length === 0 ? STREAM_HEADERS : [...STREAM_HEADERS, ...headers],
  );
  const stream = new EventStream(exchange, bounds);
  if (!open) stream.end();
  return stream;
};
