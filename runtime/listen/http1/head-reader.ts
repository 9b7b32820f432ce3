/** Heads of requests out of the bytes of a connection. */
import { LineReader, TOO_LONG, UNENDED } from './line.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';

const CR = 13;
const LETTER_A = 65;
const LETTER_Z = 90;
const END = '\r\n\r\n';

/** A status of what is no head; undefined: it has not come whole. */
type Outcome = RequestHead | number | undefined;

export class HeadReader {
  /** How far the last `read` came. */
  at = 0;
  readonly #lines = new LineReader();
  #text = '';
  #bytes = 0;
  /** The last one: clients send the same again and again. */
  #known: RequestHead | undefined;
  #knownText = '';

  /** Whether a part of a head has come. */
  get hasBegun(): boolean {
    return this.#bytes > 0 || this.#lines.hasBegun;
  }

  /** Lets go of what is kept for the next head. */
  forget(): void {
    this.#known = undefined;
    this.#knownText = '';
  }

  /** Reads `bytes` from `from` on, up to the end of a head. */
  read(bytes: Buffer, from: number, maxBytes: number): Outcome {
    this.at = from;
    if (!this.hasBegun) {
      const first = bytes[from]!;
      const isLetter = first >= LETTER_A && first <= LETTER_Z;
      // One empty line may come before (RFC 9112, 2.2); other protocols are told apart by their first byte.
      if (!isLetter && first !== CR) return 400;
      const end = isLetter ? bytes.indexOf(END, from, 'latin1') : -1;
      if (end >= 0 && end - from + END.length <= maxBytes) {
        this.at = end + END.length;
        return this.#understand(bytes.toString('latin1', from, end + 2));
      }
    }
    return this.#readLines(bytes, maxBytes);
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
      const isBefore = this.#bytes === 0;
      this.#bytes += text.length + 2;
      if (this.#bytes > maxBytes) return 431;
      if (text !== '') this.#text += `${text}\r\n`;
      else if (this.#text !== '') return this.#finish();
      else if (!isBefore) return 400;
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
    if (this.#known !== undefined && text === this.#knownText) return this.#known;
    const head = readRequestHead(text);
    if (typeof head === 'number') return head;
    this.#known = head;
    this.#knownText = text;
    return head;
  }
}
