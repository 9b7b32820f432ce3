/** UTF-8 as its bytes come. */
import { isUtf8 } from 'node:buffer';

/** How many bytes a sequence has that begins with `byte`; 1 for what begins none. */
const lengthOf = (byte: number): number => (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1);

/** How many bytes at the end of `chunk` belong to a sequence that goes on after it. */
const unfinished = (chunk: Uint8Array): number => {
  for (let back = 1; back <= Math.min(3, chunk.length); back += 1) {
    const byte = chunk[chunk.length - back]!;
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
};

/** Refuses what is not UTF-8 (RFC 3629), wherever the bytes are split. */
export class Utf8Check {
  /** The beginning of a sequence that was split. */
  #open: Uint8Array = new Uint8Array(0);

  /** False: not UTF-8. */
  push(chunk: Uint8Array): boolean {
    let start = 0;
    if (this.#open.length > 0) {
      const wanted = lengthOf(this.#open[0]!) - this.#open.length;
      start = Math.min(wanted, chunk.length);
      const joined = Buffer.concat([this.#open, chunk.subarray(0, start)]);
      if (start < wanted) {
        this.#open = joined;
        return true;
      }
      if (!isUtf8(joined)) return false;
      this.#open = new Uint8Array(0);
    }
    const rest = chunk.subarray(start);
    const left = unfinished(rest);
    if (left > 0) this.#open = Uint8Array.from(rest.subarray(rest.length - left));
    return isUtf8(rest.subarray(0, rest.length - left));
  }

  /** Whether all sequences are whole. */
  get whole(): boolean {
    return this.#open.length === 0;
  }
}
