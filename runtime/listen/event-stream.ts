/** Server-sent events (WHATWG HTML, 9.2) as a reply. */
import type { ServerResponse } from 'node:http';
import { EventWriter } from './event-writer.ts';
import type { WebExchange } from './exchange.ts';
import { heartbeat } from './heartbeat.ts';
import { holdLittle } from './lasting-reply.ts';
import { breakOff } from './outflow.ts';
import { writeHead } from './reply.ts';
import type { ResponseWriter } from './response-writer.ts';

/** A reader that falls further behind than this is cut off. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
const LINE_BREAK = /\r\n|\r|\n/;
const STREAM_HEADERS = [
  'content-type',
  'text/event-stream',
  'cache-control',
  'no-store, no-transform',
  'x-accel-buffering',
  'no',
];

const flushHead = (stream: EventStream, response: ServerResponse): void => {
  if (!stream.started && !stream.closed) response.flushHeaders();
};

/** An open stream of events. Writes after its end are ignored. */
export class EventStream {
  readonly #exchange: WebExchange;
  readonly #response: ServerResponse;
  readonly #maxBufferedBytes: number;
  #written = false;
  #quiet = true;
  #closed = false;
  /** What waits for the end of an event that comes in pieces. */
  #behind: string[] | undefined;
  #behindLength = 0;
  /** Called once, when the client went away or was cut off for reading too slowly; not after `end`. */
  onClose: (() => void) | undefined;

  constructor(exchange: WebExchange, maxBufferedBytes: number) {
    this.#exchange = exchange;
    this.#response = exchange.response as ServerResponse;
    this.#maxBufferedBytes = maxBufferedBytes;
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
    // Not before the head is on its way.
    if (!this.#closed) setImmediate(holdLittle, this.#exchange);
  }

  /** One event. `data` may have several lines; `id` and `event` have no line break. */
  send(data: string, id?: string, event?: string): void {
    const lines = LINE_BREAK.test(data) ? data.split(LINE_BREAK).join('\ndata: ') : data;
    const head = event === undefined ? '' : `event: ${event}\n`;
    this.#write(`${head}${id === undefined ? '' : `id: ${id}\n`}data: ${lines}\n\n`);
  }

  /**
   * One event whose data comes in pieces; what is sent meanwhile follows it. Its reader may be as slow as it likes,
   * within a deadline. `begin` is called before its first byte and gives its id, `onEnd` when it is whole.
   */
  openEvent(begin: () => string | undefined, onEnd: () => void): ResponseWriter {
    const opened = (): string | undefined => {
      this.#written = true;
      this.#behind = [];
      return begin();
    };
    return new EventWriter(this.#exchange, opened, () => {
      const behind = this.#behind ?? [];
      this.#behind = undefined;
      this.#behindLength = 0;
      for (const text of behind) this.#write(text);
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
    if (this.#quiet && this.#behind === undefined) this.comment('');
    this.#quiet = true;
  }

  /** Ends the reply after what was sent. An event that is not whole is broken off. */
  end(): void {
    if (this.#closed) return;
    const onClose = this.#behind === undefined ? undefined : this.onClose;
    this.#close();
    if (this.#behind === undefined) this.#response.end();
    else breakOff(this.#exchange);
    onClose?.();
  }

  #write(text: string): void {
    if (this.#closed) return;
    this.#written = true;
    this.#quiet = false;
    if (this.#behind !== undefined) {
      this.#behind.push(text);
      this.#behindLength += text.length;
      if (this.#behindLength > this.#maxBufferedBytes) this.#cutOff();
      return;
    }
    this.#response.write(text);
    if (this.#response.writableLength > this.#maxBufferedBytes) this.#cutOff();
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
  }
}

/**
 * Begins a reply that is a stream of events, never cached or held back by a proxy. `headers` are flat, names in
 * lower case. If the client is gone already the stream is closed from the start.
 */
export const startEventStream = (
  exchange: WebExchange,
  headers: readonly string[] = [],
  maxBufferedBytes = MAX_BUFFERED_BYTES,
): EventStream => {
  const open = writeHead(
    exchange,
    200,
    headers.length === 0 ? STREAM_HEADERS : [...STREAM_HEADERS, ...headers],
  );
  const stream = new EventStream(exchange, maxBufferedBytes);
  if (!open) stream.end();
  return stream;
};
