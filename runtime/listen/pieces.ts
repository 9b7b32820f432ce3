/** What comes in pieces until it is whole. */

/** The object around a smaller piece would take as much room as its bytes. */
const SMALL_BYTES = 1024;
const FIRST_STORE_BYTES = 4 * SMALL_BYTES;
const MAX_STORE_BYTES = 64 * 1024;

export class Pieces {
  readonly #pieces: Buffer[] = [];
  /** Small ones, one behind the other; what is filled of it is the last piece. */
  #store: Buffer | undefined;
  #storedBytes = 0;

  /** How many are held apart. */
  get count(): number {
    return this.#pieces.length;
  }

  add(piece: Buffer): void {
    if (piece.length >= SMALL_BYTES) {
      this.#store = undefined;
      this.#pieces.push(piece);
    } else this.#addSmall(piece);
  }

  /** All of them, as one. */
  whole(): Buffer {
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }

  #addSmall(piece: Buffer): void {
    if (this.#store === undefined || this.#storedBytes + piece.length > this.#store.length) {
      const bytes = Math.min(MAX_STORE_BYTES, 2 * (this.#store?.length ?? FIRST_STORE_BYTES / 2));
      this.#store = Buffer.allocUnsafeSlow(bytes);
      this.#storedBytes = 0;
      this.#pieces.push(this.#store);
    }
    this.#store.set(piece, this.#storedBytes);
    this.#storedBytes += piece.length;
    this.#pieces[this.#pieces.length - 1] = this.#store.subarray(0, this.#storedBytes);
  }
}
