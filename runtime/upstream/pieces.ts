/**
 * Bytes that come in pieces and are held until they are whole. Small pieces are put together as they come: as buffers of
 * their own, bytes that are sent one by one would take a hundred times the room that is bounded.
 */

const SMALL_BYTES = 1024;
const BLOCK_BYTES = 16 * 1024;

export class Pieces {
  bytes = 0;
  readonly #pieces: Buffer[] = [];
  /** Small ones, from `#from` to `#to`. */
  #block: Buffer | undefined;
  #from = 0;
  #to = 0;

  /** The piece must not change any more. */
  push(piece: Buffer): void {
    const isSmall = this.bytes > 0 && piece.length < SMALL_BYTES;
    this.bytes += piece.length;
    if (isSmall) this.#add(piece);
    else {
      this.#cut();
      this.#pieces.push(piece);
    }
  }

  /** All that has come, in order. */
  list(): readonly Buffer[] {
    this.#cut();
    return this.#pieces;
  }

  whole(): Buffer {
    const pieces = this.list();
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, this.bytes);
  }

  #add(piece: Buffer): void {
    if (this.#block === undefined || this.#to + piece.length > BLOCK_BYTES) {
      this.#cut();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#from = 0;
      this.#to = 0;
    }
    piece.copy(this.#block, this.#to);
    this.#to += piece.length;
  }

  #cut(): void {
    if (this.#block === undefined || this.#from === this.#to) return;
    this.#pieces.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}
