/** Lines out of bytes, however these are cut. */

const LF = 10;
const CR = 13;
const FIRST_BYTES = 256;

/** What `take` answers instead of an offset. */
export const UNENDED = -1;
export const MALFORMED = -2;
export const TOO_LONG = -3;

/** Collects one line after another; each byte is looked at once. */
export class LineReader {
  /** The line that `take` has come to the end of, without its CRLF. */
  text = '';
  #begun: Buffer | undefined;
  #begunBytes = 0;

  /** Whether a part of a line has come. */
  get hasBegun(): boolean {
    return this.#begunBytes > 0;
  }

  /**
   * Reads up to the end of a line and answers the offset behind it. `UNENDED`: all was taken, and the line is longer.
   * `MALFORMED`: it ends with LF alone. `TOO_LONG`: it has more than `maxBytes` without its CRLF.
   */
  take(bytes: Buffer, at: number, maxBytes: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf;
    const length = this.#begunBytes + end - at;
    if (lf < 0) {
      // The last of them may be the CR.
      if (length > maxBytes + 1) return TOO_LONG;
      this.#keep(bytes, at, end);
      return UNENDED;
    }
    if (length === 0) return MALFORMED;
    if (length > maxBytes + 1) return TOO_LONG;
    if (this.#begunBytes === 0) {
      if (bytes[end - 1] !== CR) return MALFORMED;
      this.text = bytes.toString('latin1', at, end - 1);
      return end + 1;
    }
    this.#keep(bytes, at, end);
    const begun = this.#begun!;
    if (begun[length - 1] !== CR) return MALFORMED;
    this.text = begun.toString('latin1', 0, length - 1);
    this.#begun = undefined;
    this.#begunBytes = 0;
    return end + 1;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const length = this.#begunBytes + to - from;
    if (this.#begun === undefined || this.#begun.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length));
      this.#begun?.copy(larger, 0, 0, this.#begunBytes);
      this.#begun = larger;
    }
    bytes.copy(this.#begun, this.#begunBytes, from, to);
    this.#begunBytes = length;
  }
}
