/** Replies of HTTP/1.1 out of the bytes of a connection, however these are cut. One reply at a time is expected. */
import { type Framing, ReplyFault, type ReplyHead, readFields, readReplyHead } from './reply-head.ts';

/** Bounds a head, or the trailers. */
export const MAX_HEAD_BYTES = 16 * 1024;
/** Bounds the line that begins a chunk. */
const MAX_CHUNK_LINE_BYTES = 1024;
/** A head is remembered that is no longer, for the next is the same more often than not. */
const MAX_KNOWN_LENGTH = 1024;
/** Heads and lines are looked for in so much at a time. */
const STEP_BYTES = 1024;
/** Of interim replies before one that counts. */
const MAX_INTERIM_REPLIES = 16;

/** Told what a reply consists of; nothing more comes after `onEnd`. */
export interface ReplyParts {
  onHead(head: ReplyHead): void;
  /** May be kept until `onEnd` has returned: its memory is used again. */
  onData(chunk: Buffer): void;
  onEnd(): void;
}

type State = 'idle' | 'head' | 'fixed' | 'until-close' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers';

/** A size and extensions (RFC 9112, 7.1.1), without the white space that none may send. */
const CHUNK_LINE =
  /^([0-9a-f]{1,13})(?:;[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/i;

export class ReplyParser {
  readonly #parts: ReplyParts;
  #state: State = 'idle';
  #isHead = false;
  #interimReplies = 0;
  /** The beginning of a head, of a line or of trailers. */
  #partial = '';
  /** What is missing of the body or the chunk. */
  #missingBytes = 0;
  #trailerBytes = 0;
  #stopped = false;
  #knownText: string | undefined;
  #knownHead: ReplyHead | undefined;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  /** Expects the reply to a request, which `isHead` if its method is HEAD. */
  expect(isHead: boolean): void {
    this.#state = 'head';
    this.#isHead = isHead;
    this.#interimReplies = 0;
    this.#trailerBytes = 0;
    this.#stopped = false;
  }

  /** What is missing of a body or chunk that has begun, as far as that was told. */
  get missingBytes(): number {
    return this.#missingBytes;
  }

  /** Whether nothing is expected. */
  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /** `push` returns as soon as it can: until `go` nothing is told. */
  stop(): void {
    this.#stopped = true;
  }

  go(): void {
    this.#stopped = false;
  }

  /** Reads `bytes` from `from` up to `to`. How far it came: not to the end where it was stopped or a reply has ended. Throws a ReplyFault. */
  push(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (!this.#stopped && this.#state !== 'idle' && (at < to || this.#isComplete()))
      at = this.#step(bytes, at, to);
    return at;
  }

  /** The connection has ended. False: before the reply had. */
  end(): boolean {
    if (this.#state !== 'until-close') return false;
    this.#finish();
    return true;
  }

  /** Whether a reply ends without another byte. */
  #isComplete(): boolean {
    return this.#state === 'fixed' && this.#missingBytes === 0;
  }

  #step(bytes: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at, to);
      case 'fixed':
      case 'chunk':
        return this.#counted(bytes, at, to);
      case 'chunk-line':
        return this.#chunkLine(bytes, at, to);
      case 'chunk-end':
        return this.#chunkEnd(bytes, at, to);
      case 'trailers':
        return this.#trailer(bytes, at, to);
      default:
        this.#parts.onData(bytes.subarray(at, to));
        return to;
    }
  }

  /**
   * Collects up to and with `ending` and answers the offset behind it; -1: it has not come. `#partial` is all of it
   * then, of at most `maxBytes`.
   */
  #collect(bytes: Buffer, at: number, to: number, ending: string, maxBytes: number): number {
    const before = this.#partial.length;
    const limit = at + maxBytes + ending.length - before;
    // No more than a head mostly has: what comes of a large body with it would be made a text for nothing.
    const end = Math.min(to, at + STEP_BYTES, limit);
    const text = bytes.toString('latin1', at, end);
    this.#partial = before === 0 ? text : this.#partial + text;
    const found = this.#partial.indexOf(ending, Math.max(0, before - ending.length + 1));
    if (found < 0) {
      if (end < to && end < limit) return this.#collect(bytes, end, to, ending, maxBytes);
      if (this.#partial.length >= maxBytes) throw new ReplyFault(`more than ${maxBytes} bytes of a head`);
      return -1;
    }
    this.#partial = found === 0 ? '' : this.#partial.slice(0, found);
    return at + found + ending.length - before;
  }

  #head(bytes: Buffer, at: number, to: number): number {
    const next = this.#collect(bytes, at, to, '\r\n\r\n', MAX_HEAD_BYTES);
    if (next < 0) return to;
    const text = this.#partial;
    this.#partial = '';
    const head = this.#read(text);
    if (head.status < 200) {
      this.#interimReplies += 1;
      if (head.status === 101 || this.#interimReplies > MAX_INTERIM_REPLIES)
        throw new ReplyFault(`a reply of status ${head.status} that was not asked for`);
      return next;
    }
    this.#begin(head.framing);
    this.#parts.onHead(head);
    return next;
  }

  #read(text: string): ReplyHead {
    if (this.#isHead) return readReplyHead(text, text.length, true);
    if (text === this.#knownText) return this.#knownHead!;
    const head = readReplyHead(text, text.length, false);
    if (text.length > MAX_KNOWN_LENGTH) return head;
    // A copy: the text is a slice of all that has come with it.
    this.#knownText = Buffer.from(text, 'latin1').toString('latin1');
    this.#knownHead = head;
    return head;
  }

  #begin(framing: Framing): void {
    if (framing.kind === 'chunked') this.#state = 'chunk-line';
    else if (framing.kind === 'until-close') this.#state = 'until-close';
    else {
      this.#state = 'fixed';
      this.#missingBytes = framing.kind === 'length' ? framing.bytes : 0;
    }
  }

  /** The bytes of a body or chunk whose length is known. */
  #counted(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#missingBytes);
    this.#missingBytes -= end - at;
    if (end > at) this.#parts.onData(bytes.subarray(at, end));
    if (this.#missingBytes > 0 || this.#stopped) return end;
    if (this.#state === 'chunk') this.#state = 'chunk-end';
    else this.#finish();
    return end;
  }

  #chunkLine(bytes: Buffer, at: number, to: number): number {
    const next = this.#collect(bytes, at, to, '\r\n', MAX_CHUNK_LINE_BYTES);
    if (next < 0) return to;
    const size = CHUNK_LINE.exec(this.#partial)?.[1];
    if (size === undefined) throw new ReplyFault('a malformed chunk');
    this.#partial = '';
    this.#missingBytes = Number.parseInt(size, 16);
    this.#state = this.#missingBytes === 0 ? 'trailers' : 'chunk';
    return next;
  }

  #chunkEnd(bytes: Buffer, at: number, to: number): number {
    const next = this.#collect(bytes, at, to, '\r\n', 2);
    if (this.#partial !== '' && this.#partial !== '\r') throw new ReplyFault('a chunk longer than it said');
    if (next < 0) return to;
    this.#state = 'chunk-line';
    return next;
  }

  /** A line of them: read for its form and thrown away, because nothing in it may change what came before. */
  #trailer(bytes: Buffer, at: number, to: number): number {
    const next = this.#collect(bytes, at, to, '\r\n', MAX_HEAD_BYTES);
    if (next < 0) return to;
    const line = this.#partial;
    this.#partial = '';
    if (line === '') {
      this.#finish();
      return next;
    }
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > MAX_HEAD_BYTES) throw new ReplyFault('trailers without end');
    const fields = readFields(line, 0, line.length);
    if ('content-length' in fields || 'transfer-encoding' in fields)
      throw new ReplyFault('a trailer that tells of a body');
    return next;
  }

  #finish(): void {
    this.#state = 'idle';
    this.#parts.onEnd();
  }
}
