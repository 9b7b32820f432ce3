/** Server-sent events, incrementally from bytes (WHATWG HTML, 9.2.6 "Interpreting an event stream"). */
import type { Inflow } from '../large/large-response.ts';
import { LARGE_BYTES, MAX_HELD_BYTES } from '../message-bounds.ts';
import { Pieces } from '../pieces.ts';
import { LargeEvent } from './large-event.ts';

export interface EventSink {
  /** A `message` event with data. */
  onEvent(data: string): void;
  /** An event or line exceeds the bound; nothing more is read. */
  onTooLarge(maxBytes: number): void;
  /** A `message` event is large, its data begins with `prefix`. What is returned takes the rest, else it is held. */
  onLargeEvent?(prefix: readonly Buffer[]): Inflow | undefined;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const BOM = '\uFEFF';
const BOM_BYTES = Buffer.from(BOM);
const DATA = 'data:';

/** Bytes in, events out. Comments and events of other types are skipped; lines may end in LF, CRLF or CR. */
export class EventStreamParser {
  /** The last event id seen in a finished event; empty after an `id:` without value. */
  lastEventId: string | undefined;
  /** The last `retry:` in milliseconds. */
  retryMs: number | undefined;
  readonly #sink: EventSink;
  readonly #maxBytes: number;
  /** Where a line or event is too large, or is to be asked about. */
  #nextBound: number;
  #large: LargeEvent | undefined;
  /** The beginning of a line. */
  #partial: Pieces | undefined;
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
    this.#nextBound = Math.min(maxBytes, LARGE_BYTES);
  }

  push(chunk: Buffer): void {
    let start = 0;
    if (this.#large !== undefined) {
      start = this.#endLarge(this.#large, chunk);
      if (start === chunk.length || this.#stopped) return;
    }
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

  /** The offset behind the large event, if it ends in this chunk. */
  #endLarge(large: LargeEvent, chunk: Buffer): number {
    const start = large.push(chunk);
    if (large.refused) this.#tooLarge(this.#maxBytes);
    if (!large.ended) return chunk.length;
    this.#large = undefined;
    this.#skipLf = large.endedWithCr;
    this.#clear();
    return start;
  }

  /** Ignores all that still comes. */
  stop(): void {
    this.#stopped = true;
  }

  #keep(rest: Buffer): void {
    this.#partial ??= new Pieces();
    this.#partial.push(rest);
    if (this.#partial.bytes > this.#nextBound + 16) this.#crossBound();
  }

  /** A line or an event has reached a size at which something has to happen. */
  #crossBound(): void {
    const bound = this.#nextBound;
    if (bound === this.#maxBytes || bound === MAX_HELD_BYTES) {
      this.#tooLarge(bound);
      return;
    }
    this.#nextBound = Math.min(this.#maxBytes, MAX_HELD_BYTES);
    const data = this.#dataSoFar();
    const inflow = data === undefined ? undefined : this.#sink.onLargeEvent?.(data);
    if (inflow === undefined) return;
    this.#first = false;
    this.#large = new LargeEvent(inflow, this.#partial !== undefined, (line) => this.#field(line));
    this.#data = undefined;
    this.#partial = undefined;
  }

  /** The bytes of the event's data, where what is read at the moment is data of a message. */
  #dataSoFar(): Buffer[] | undefined {
    if (this.#type !== '' && this.#type !== 'message') return undefined;
    const before = this.#data === undefined ? [] : [Buffer.from(this.#data)];
    if (this.#partial === undefined) return before;
    const line = this.#partial.whole();
    const start = this.#first && line.subarray(0, 3).equals(BOM_BYTES) ? 3 : 0;
    if (line.toString('latin1', start, start + DATA.length) !== DATA) return undefined;
    const from = start + DATA.length;
    const rest = line.subarray(line[from] === SPACE ? from + 1 : from);
    return before.length === 0 ? [rest] : [...before, Buffer.from('\n'), rest];
  }

  #endLine(tail: Buffer): void {
    let line = tail;
    if (this.#partial !== undefined) {
      this.#partial.push(tail);
      line = this.#partial.whole();
      this.#partial = undefined;
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
    this.#field(text);
    if (this.#eventBytes > this.#nextBound + 16) this.#crossBound();
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
    this.#clear();
    if (this.#id !== undefined) this.lastEventId = this.#id;
    // An event that only carries an id primes resumption (MCP 2025-11-25, transports).
    if (data !== undefined && data !== '' && (type === '' || type === 'message')) this.#sink.onEvent(data);
  }

  #tooLarge(maxBytes: number): void {
    this.#stopped = true;
    this.#partial = undefined;
    this.#sink.onTooLarge(maxBytes);
  }

  #clear(): void {
    this.#data = undefined;
    this.#eventBytes = 0;
    this.#type = '';
    this.#nextBound = Math.min(this.#maxBytes, LARGE_BYTES);
  }
}

const lineEnd = (chunk: Buffer, start: number): number => {
  for (let index = start; index < chunk.length; index += 1) {
    const byte = chunk[index];
    if (byte === LF || byte === CR) return index;
  }
  return -1;
};
