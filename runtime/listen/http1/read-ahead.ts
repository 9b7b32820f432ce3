/** What has come on a connection before it may be read. */
import type { Socket } from 'node:net';

/** With more the client has to wait. */
const MAX_BYTES = 16 * 1024;
const MAX_PIECES = 16;
/** With more it is given up: what nobody waits for is not worth the memory. */
const LIMIT_BYTES = 128 * 1024;

export class ReadAhead {
  /** Absent: there is none, as on most connections. */
  #pieces: Buffer[] | undefined;
  #bytes = 0;
  #isPaused = false;

  get isEmpty(): boolean {
    return this.#pieces === undefined;
  }

  get isMuch(): boolean {
    return this.#bytes >= MAX_BYTES || (this.#pieces?.length ?? 0) >= MAX_PIECES;
  }

  get isTooMuch(): boolean {
    return this.#bytes >= LIMIT_BYTES;
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

  /** Has the client wait. */
  pause(socket: Socket): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    socket.pause();
  }

  resume(socket: Socket): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    socket.resume();
  }

  clear(): void {
    this.#pieces = undefined;
    this.#bytes = 0;
  }
}
