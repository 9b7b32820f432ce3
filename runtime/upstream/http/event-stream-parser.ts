/** Server-sent events, incrementally from bytes (WHATWG HTML, 9.2.6 "Interpreting an event stream"). */

export interface EventSink {
  /** A `message` event with data. */
  onEvent(data: string): void;
  /** An event or line exceeds the bound; nothing more is read. */
  onTooLarge(): void;
}

const LF = 10;
const CR = 13;
const BOM = '\uFEFF';

/** Bytes in, events out. Comments and events of other types are skipped; lines may end in LF, CRLF or CR. */
export class EventStreamParser {
  /** The last event id seen in a finished event; empty after an `id:` without value. */
  lastEventId: string | undefined;
  /** The last `retry:` in milliseconds. */
  retryMs: number | undefined;
  readonly #sink: EventSink;
  readonly #maxBytes: number;
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #skipLf = false;
  #first = true;
  #stopped = false;
  #data: string | undefined;
  #eventBytes = 0;
  #type = '';
  #id: string | undefined;

  /** @param maxBytes the largest event, in bytes of its fields */
  constructor(sink: EventSink, maxBytes: number) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let start = 0;
    if (this.#skipLf && chunk.length > 0) {
      this.#skipLf = false;
      if (chunk[0] === LF) start = 1;
    }
    const cr = chunk.includes(CR, start);
    while (start < chunk.length && !this.#stopped) {
      const end = cr ? lineEnd(chunk, start) : chunk.indexOf(LF, start);
      if (end < 0) break;
      this.#endLine(chunk.subarray(start, end));
      start = end + 1;
      if (chunk[end] !== CR) continue;
      if (start === chunk.length) this.#skipLf = true;
      else if (chunk[start] === LF) start += 1;
    }
    if (start < chunk.length && !this.#stopped) this.#keep(chunk.subarray(start));
  }

  /** Ignores all that still comes. */
  stop(): void {
    this.#stopped = true;
  }

  #keep(rest: Buffer): void {
    this.#partialBytes += rest.length;
    if (this.#partialBytes > this.#maxBytes + 16) {
      this.#tooLarge();
      return;
    }
    this.#partial.push(rest);
  }

  #endLine(tail: Buffer): void {
    let line = tail;
    if (this.#partialBytes > 0) {
      this.#partial.push(tail);
      line = Buffer.concat(this.#partial);
      this.#partial = [];
      this.#partialBytes = 0;
    }
    let text = line.toString('utf8');
    if (this.#first && text.startsWith(BOM)) text = text.slice(1);
    this.#first = false;
    if (text === '') {
      this.#endEvent();
      return;
    }
    if (text.startsWith(':')) return;
    this.#eventBytes += line.length;
    if (this.#eventBytes > this.#maxBytes + 16) this.#tooLarge();
    else this.#field(text);
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (name === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.retryMs = Number(value);
  }

  #endEvent(): void {
    const data = this.#data;
    const type = this.#type;
    this.#data = undefined;
    this.#eventBytes = 0;
    this.#type = '';
    if (this.#id !== undefined) this.lastEventId = this.#id;
    // An event that only carries an id primes resumption (MCP 2025-11-25, transports).
    if (data !== undefined && data !== '' && (type === '' || type === 'message')) this.#sink.onEvent(data);
  }

  #tooLarge(): void {
    this.#stopped = true;
    this.#partial = [];
    this.#sink.onTooLarge();
  }
}

const lineEnd = (chunk: Buffer, start: number): number => {
  for (let index = start; index < chunk.length; index += 1) {
    const byte = chunk[index];
    if (byte === LF || byte === CR) return index;
  }
  return -1;
};
