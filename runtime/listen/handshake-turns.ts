/** Connections whose TLS handshake may begin: few in each turn, so that others have theirs beside many of them. */
import type { Socket } from 'node:net';

/** Each costs milliseconds, most of which are a signature. */
const PER_TURN = 2;

const ignore = (): void => undefined;

export class HandshakeTurns {
  readonly #begin: (socket: Socket) => void;
  #waiting: Socket[] = [];

  /** @param begin is given each that is still open when its turn comes */
  constructor(begin: (socket: Socket) => void) {
    this.#begin = begin;
  }

  add(socket: Socket): void {
    socket.on('error', ignore);
    if (this.#waiting.push(socket) === 1) setImmediate(() => this.#turn());
  }

  #turn(): void {
    const next = this.#waiting.slice(0, PER_TURN);
    this.#waiting = this.#waiting.slice(PER_TURN);
    if (this.#waiting.length > 0) setImmediate(() => this.#turn());
    for (const socket of next) if (!socket.destroyed) this.#begin(socket);
  }
}
