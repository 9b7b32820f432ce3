/** What comes in pieces until it is whole. */

/** The object around a smaller piece would take as much room as its bytes. */
const SMALL_BYTES = 1024;
const FIRST_STORE_BYTES = 4 * SMALL_BYTES;
const MAX_STORE_BYTES = 64 * 1024;

/** A piece is part of what was read at once, all of which lasts as long as it: it may be this many times larger. */
const MAX_PINNED = 4;

/** Whether a piece is worth what is held with it. */
const isWorthKeeping = (piece: Buffer): boolean =>
  piece.length >= SMALL_BYTES && MAX_PINNED * piece.length >= piece.buffer.byteLength;

export class Pieces {
  readonly #pieces: Buffer[] = [];
  /** Copies of pieces, one behind the other. */
  #store: Buffer | undefined;
  #storedBytes = 0;
  /** Where in the store the last of the pieces begins; undefined: it is not in the store. */
  #openAt: number | undefined;

  /** How many are held apart. */
  get count(): number {
    return this.#pieces.length;
  }

  /** Holds a few times as many bytes as it is given, at most. */
  add(piece: Buffer): void {
    if (isWorthKeeping(piece)) {
      this.#openAt = undefined;
      this.#pieces.push(piece);
    } else this.#copy(piece);
  }

  /** All of them, as one. */
  whole(): Buffer {
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }

  #copy(piece: Buffer): void {
    const store = this.#storeFor(piece.length);
    const begin = this.#openAt ?? this.#storedBytes;
    store.set(piece, this.#storedBytes);
    this.#storedBytes += piece.length;
    const stored = store.subarray(begin, this.#storedBytes);
    if (this.#openAt === undefined) this.#pieces.push(stored);
    else this.#pieces[this.#pieces.length - 1] = stored;
    this.#openAt = begin;
  }

  #storeFor(bytes: number): Buffer {
    const store = this.#store;
    if (store !== undefined && this.#storedBytes + bytes <= store.length) return store;
    const usual = Math.min(MAX_STORE_BYTES, 2 * (store?.length ?? FIRST_STORE_BYTES / 2));
    this.#store = Buffer.allocUnsafeSlow(Math.max(usual, bytes));
    this.#storedBytes = 0;
    this.#openAt = undefined;
    return this.#store;
  }
}
