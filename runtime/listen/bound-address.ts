/** A socket that connections come to. It outlives the servers that take them. */
import { Server, type Socket } from 'node:net';
import type { BindAddress } from '../../schema/graph/listener.ts';
import { type BindTogether, bindServer } from './bind.ts';

/** Who takes connections. */
export interface Taker {
  /** One that has waited is paused: it is resumed once somebody reads it. */
  take(socket: Socket): void;
  /** The socket failed while it listened. */
  failed(error: Error): void;
}

/** Connections that come before anybody takes them; more are refused. */
const MAX_WAITING = 1024;

/** Connections go to whoever was attached last; until somebody is, they wait unread. */
export class BoundAddress {
  // What a server of HTTP asks of its sockets.
  readonly #server = new Server({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  readonly #waiting = new Set<Socket>();
  readonly #bind: BindAddress;
  #taker: Taker | undefined;

  constructor(bind: BindAddress) {
    this.#bind = bind;
    this.#server.on('connection', (socket: Socket) => {
      if (this.#taker === undefined) this.#wait(socket);
      else this.#taker.take(socket);
    });
  }

  /** Binds, where told so beside other threads. Rejects with the system's error (`EADDRINUSE`, `EACCES` …); a stale unix socket is replaced. */
  async listen(together?: BindTogether): Promise<void> {
    await bindServer(this.#server, this.#bind, together);
    this.#server.on('error', (error) => this.#taker?.failed(error));
  }

  /** Where it is bound, with the port that the system chose. Only after `listen`. */
  get bound(): BindAddress {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null
      ? { type: 'tcp', host: address.address, port: address.port }
      : this.#bind;
  }

  /** From here on all connections go to `taker`. */
  attach(taker: Taker): void {
    this.#taker = taker;
    Object.assign(this.#server, { pauseOnConnect: false });
    for (const socket of this.#waiting) taker.take(socket);
    this.#waiting.clear();
  }

  /** No connection comes any more; those that were taken go on. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting) socket.destroy();
  }

  #wait(socket: Socket): void {
    if (this.#waiting.size >= MAX_WAITING) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#waiting.delete(socket));
  }
}
