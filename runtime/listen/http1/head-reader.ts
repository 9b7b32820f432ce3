/** Heads of requests out of the bytes of a connection. */
import { LineReader, TOO_LONG, UNENDED } from './line.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';

const LF = 10;
const CR = 13;
const LETTER_A = 65;
const LETTER_Z = 90;
const END = '\r\n\r\n';

/** Longer ones are not remembered: connections that rest would hold them. */
const MAX_KNOWN_LENGTH = 2 * 1024;

/** In memory of its own: it may be kept for long. */
const copyOf = (bytes: Buffer, from: number, to: number): Buffer => {
  const copy = Buffer.allocUnsafeSlow(to - from);
  bytes.copy(copy, 0, from, to);
  return copy;
};

/** A status of what is no head; undefined: it has not come whole. */
type Outcome = RequestHead | number | undefined;

export class HeadReader {
  /** How far the last `read` came. */
  at = 0;
  readonly #lines = new LineReader();
  #text = '';
  #bytes = 0;
  /** What came of the empty line before. */
  #blankBytes = 0;
  /** The last one: clients send the same again and again. */
  #known: RequestHead | undefined;
  #knownText = '';
  /** As it came, with the empty line, once it has come again. */
  #knownBytes: Buffer | undefined;

  /** Whether a part of a head has come. An empty line before it is none. */
  get hasBegun(): boolean {
    return this.#bytes > 0 || this.#lines.hasBegun;
  }

  /** Lets go of what is kept for the next head. */
  forget(): void {
    this.#known = undefined;
    this.#knownText = '';
    this.#knownBytes = undefined;
  }

  /** Reads `bytes` from `from` on, up to the end of a head. */
  read(bytes: Buffer, from: number, maxBytes: number): Outcome {
    this.at = from;
    if (!this.hasBegun) {
      if (this.#isKnownAt(bytes, from, maxBytes)) {
        this.at = from + this.#knownBytes!.length;
        return this.#known;
      }
      this.#skipBlank(bytes);
      const start = this.at;
      if (start === bytes.length) return undefined;
      const first = bytes[start]!;
      // Other protocols are told apart by their first byte.
      if (this.#blankBytes === 1 || first < LETTER_A || first > LETTER_Z) return 400;
      const end = bytes.indexOf(END, start, 'latin1');
      if (end >= 0 && end - start + END.length <= maxBytes) {
        this.at = end + END.length;
        const before = this.#known;
        const head = this.#understand(bytes.toString('latin1', start, end + 2));
        // Not before: heads that differ each time are not worth keeping.
        if (head === before) this.#knownBytes ??= copyOf(bytes, start, this.at);
        return head;
      }
    }
    return this.#readLines(bytes, maxBytes);
  }

  #isKnownAt(bytes: Buffer, from: number, maxBytes: number): boolean {
    const known = this.#knownBytes;
    if (known === undefined || this.#blankBytes !== 0 || known.length > maxBytes) return false;
    const end = from + known.length;
    return end <= bytes.length && bytes.compare(known, 0, known.length, from, end) === 0;
  }

  /** One empty line may come before (RFC 9112, 2.2). */
  #skipBlank(bytes: Buffer): void {
    if (this.#blankBytes === 0 && bytes[this.at] === CR) {
      this.#blankBytes = 1;
      this.at += 1;
    }
    if (this.#blankBytes === 1 && bytes[this.at] === LF) {
      this.#blankBytes = 2;
      this.at += 1;
    }
  }

  /** Lines by themselves, so that what comes in small pieces is looked at once. */
  #readLines(bytes: Buffer, maxBytes: number): Outcome {
    while (this.at < bytes.length) {
      const next = this.#lines.take(bytes, this.at, maxBytes - this.#bytes);
      if (next === UNENDED) {
        this.at = bytes.length;
        return undefined;
      }
      if (next < 0) return next === TOO_LONG ? 431 : 400;
      this.at = next;
      const { text } = this.#lines;
      this.#bytes += text.length + 2;
      if (this.#bytes > maxBytes) return 431;
      if (text === '') return this.#finish();
      this.#text += `${text}\r\n`;
    }
    return undefined;
  }

  #finish(): Outcome {
    const text = this.#text;
    this.#text = '';
    this.#bytes = 0;
    return this.#understand(text);
  }

  #understand(text: string): RequestHead | number {
    this.#blankBytes = 0;
    if (this.#known !== undefined && text === this.#knownText) return this.#known;
    const head = readRequestHead(text, this.#known);
    if (typeof head === 'number') return head;
    this.forget();
    if (text.length > MAX_KNOWN_LENGTH) return head;
    this.#known = head;
    this.#knownText = text;
    return head;
  }
}
