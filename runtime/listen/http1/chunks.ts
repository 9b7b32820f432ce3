/** Bodies in chunks (RFC 9112, 7.1). */
import { readFields } from './fields.ts';
import { LineReader, TOO_LONG, UNENDED } from './line.ts';

/** Bounds the line that begins a chunk. */
const MAX_CHUNK_LINE_BYTES = 1024;
/** What a line has without extensions. */
const USUAL_LINE_BYTES = 16;
/** Bounds what lines have beyond that, all together; each chunk adds a share of its length. */
const MAX_PADDING_BYTES = 16 * 1024;
const PADDING_SHARE = 1 / 4;
/** Bounds the trailers, all together. */
const MAX_TRAILER_BYTES = 16 * 1024;

/** A size and extensions (RFC 9112, 7.1.1), without the white space that none may send. */
const CHUNK_LINE =
  /^([0-9a-f]{1,13})(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/i;

export interface ChunkSink {
  /** Whatever of it is kept has to be copied. */
  onData(chunk: Buffer): void;
}

export class ChunkReader {
  /** How far the last `read` came. */
  at = 0;
  readonly #sink: ChunkSink;
  readonly #lines = new LineReader();
  #state: 'line' | 'data' | 'data-end' | 'trailers' = 'line';
  #missingBytes = 0;
  #paddingLeftBytes = MAX_PADDING_BYTES;
  #trailerBytes = 0;

  constructor(sink: ChunkSink) {
    this.#sink = sink;
  }

  /** Reads on from `from`. True: the body has ended. A status: it is malformed. */
  read(bytes: Buffer, from: number): boolean | number {
    this.at = from;
    while (this.at < bytes.length) {
      const outcome = this.#state === 'data' ? this.#data(bytes) : this.#line(bytes);
      if (outcome !== undefined) return outcome;
    }
    return false;
  }

  #data(bytes: Buffer): undefined {
    const end = Math.min(bytes.length, this.at + this.#missingBytes);
    const chunk = bytes.subarray(this.at, end);
    this.at = end;
    this.#missingBytes -= chunk.length;
    if (this.#missingBytes === 0) this.#state = 'data-end';
    this.#sink.onData(chunk);
  }

  #line(bytes: Buffer): boolean | number | undefined {
    const maxBytes = this.#maxLineBytes();
    const next = this.#lines.take(bytes, this.at, maxBytes);
    if (next === UNENDED) {
      this.at = bytes.length;
      return false;
    }
    if (next < 0) return next === TOO_LONG && this.#state === 'line' ? 413 : 400;
    this.at = next;
    const { text } = this.#lines;
    if (this.#state === 'line') return this.#begin(text);
    if (this.#state === 'trailers') return this.#trailer(text);
    this.#state = 'line';
    return undefined;
  }

  #maxLineBytes(): number {
    if (this.#state === 'line') return MAX_CHUNK_LINE_BYTES;
    return this.#state === 'trailers' ? MAX_TRAILER_BYTES - this.#trailerBytes : 0;
  }

  #begin(text: string): 400 | 413 | undefined {
    const size = CHUNK_LINE.exec(text)?.[1];
    if (size === undefined) return 400;
    this.#missingBytes = Number.parseInt(size, 16);
    if (text.length > USUAL_LINE_BYTES) this.#paddingLeftBytes -= text.length - USUAL_LINE_BYTES;
    if (this.#paddingLeftBytes < 0) return 413;
    this.#paddingLeftBytes += PADDING_SHARE * this.#missingBytes;
    this.#state = this.#missingBytes === 0 ? 'trailers' : 'data';
    return undefined;
  }

  /** Read for its form and thrown away, because nothing in it may change what came before. */
  #trailer(text: string): true | 400 | undefined {
    if (text === '') return true;
    this.#trailerBytes += text.length + 2;
    const fields = readFields(`${text}\r\n`, 0);
    if (fields === undefined || this.#trailerBytes > MAX_TRAILER_BYTES) return 400;
    const { headers } = fields;
    const frames = headers['content-length'] ?? headers['transfer-encoding'] ?? headers.host;
    return frames === undefined ? undefined : 400;
  }
}
