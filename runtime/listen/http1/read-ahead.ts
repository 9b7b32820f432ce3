/** What has come on a connection before it may be read. */

/** With more the client has to wait. */
const MAX_BYTES = 16 * 1024;
const MAX_PIECES = 16;

export class ReadAhead {
  /** Absent: there is none, as on most connections. */
  #pieces: Buffer[] | undefined;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#pieces === undefined;
  }

  get isMuch(): boolean {
    return this.#bytes >= MAX_BYTES || (this.#pieces?.length ?? 0) >= MAX_PIECES;
  }

  add(piece: Buffer): void {
    if (this.#pieces === undefined) this.#pieces = [piece];
    else this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** Adds it before all others. */
  putBack(piece: Buffer): void {
    if (this.#pieces === undefined) this.#pieces = [piece];
    else this.#pieces.unshift(piece);
    this.#bytes += piece.length;
  }

  /** The first piece. Only while there is one. */
  take(): Buffer {
    const pieces = this.#pieces!;
    const piece = pieces.shift()!;
    this.#bytes -= piece.length;
    if (pieces.length === 0) this.#pieces = undefined;
    return piece;
  }

  /** All of it. */
  takeAll(): Buffer {
    const whole = Buffer.concat(this.#pieces ?? []);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#pieces = undefined;
    this.#bytes = 0;
  }
}
