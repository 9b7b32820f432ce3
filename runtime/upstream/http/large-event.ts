/** The rest of a server-sent event whose data is too large to be held. */
import type { Inflow } from '../large/large-response.ts';

const LF = 10;
const CR = 13;
const LINE_FEED = Buffer.from('\n');
/** Bounds a line of the event that is no data. */
const MAX_FIELD_BYTES = 64 * 1024;
const DATA = Buffer.from('data:');
const SPACE = 32;
const COLON = 58;

/** Where in a line the next byte lies. */
type Place = 'line-start' | 'after-data' | 'data' | 'field';

/** Passes data on as it comes; other fields are told line by line. Lines end in LF, CRLF or CR. */
export class LargeEvent {
  /** The blank line has come. */
  ended = false;
  /** A LF that comes next belongs to it. */
  endedWithCr = false;
  /** Nothing more is wanted: the data was refused, or another field has no end. */
  refused = false;
  readonly #inflow: Inflow;
  readonly #onField: (line: string) => void;
  #place: Place;
  #skipLf = false;
  /** The beginning of a line, until it is known to be data; or all of another field. */
  #line: Buffer = Buffer.alloc(0);

  /** @param inData whether the next byte belongs to a line of data that has begun */
  constructor(inflow: Inflow, inData: boolean, onField: (line: string) => void) {
    this.#inflow = inflow;
    this.#place = inData ? 'data' : 'line-start';
    this.#onField = onField;
  }

  /** The offset behind the event if it ends in `chunk`, else its length. */
  push(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.ended) {
      if (this.#skipLf && chunk[at] === LF) at += 1;
      this.#skipLf = false;
      if (at === chunk.length) break;
      const end = lineEnd(chunk, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      this.refused = !this.#take(part);
      if (this.refused) return chunk.length;
      if (end < 0) return chunk.length;
      this.#skipLf = chunk[end] === CR;
      at = end + 1;
      this.#endLine();
    }
    if (!this.ended || !this.#skipLf) return at;
    this.endedWithCr = at === chunk.length;
    return chunk[at] === LF ? at + 1 : at;
  }

  /** False: nothing more is wanted. */
  #take(part: Buffer): boolean {
    if (part.length === 0) return true;
    if (this.#place === 'data') return this.#inflow.push(part);
    if (this.#place === 'after-data') {
      this.#place = 'data';
      const rest = part[0] === SPACE ? part.subarray(1) : part;
      return rest.length === 0 || this.#inflow.push(rest);
    }
    const line = Buffer.concat([this.#line, part]);
    this.#line = line;
    if (line.length < DATA.length || this.#place === 'field') return line.length <= MAX_FIELD_BYTES;
    if (!line.subarray(0, DATA.length).equals(DATA)) {
      this.#place = 'field';
      return line.length <= MAX_FIELD_BYTES;
    }
    this.#line = Buffer.alloc(0);
    this.#place = 'after-data';
    return this.#inflow.push(LINE_FEED) && this.#take(line.subarray(DATA.length));
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = Buffer.alloc(0);
    const blank = this.#place === 'line-start' && line.length === 0;
    if (this.#place === 'line-start' || this.#place === 'field') {
      if (line.length > 0 && line[0] !== COLON) this.#onField(line.toString('utf8'));
    }
    this.#place = 'line-start';
    if (!blank) return;
    this.ended = true;
    this.#inflow.end();
  }
}

const lineEnd = (chunk: Buffer, from: number): number => {
  const lf = chunk.indexOf(LF, from);
  const cr = chunk.subarray(from, lf < 0 ? chunk.length : lf).indexOf(CR);
  return cr < 0 ? lf : from + cr;
};
