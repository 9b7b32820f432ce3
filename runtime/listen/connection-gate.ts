import type { Socket } from 'node:net';
import { clientKey } from '../../policies/listen/client-key.ts';
import type { GenerationView } from '../generation.ts';
import type { Counts } from '../state/counts.ts';
import { peerAddress } from './connection.ts';
import type { ConnectionRefusal, ListenerObserver } from './observer.ts';

const UNBOUNDED = Number.POSITIVE_INFINITY;

/** What the gate asks for at each connection. */
export interface GateOptions {
  /** Of the listener, as it is then. */
  readonly name: string;
  readonly unix: boolean;
  readonly current: () => GenerationView;
  readonly observer: ListenerObserver;
}

/**
 * Decides at accept which connections may live, and holds all that do. Peers that the ip rules refuse are cut
 * off, as are those beyond a cap. A trusted proxy speaks for others: for it the rules are applied to the
 * addresses that it forwards, and the cap per address does not count.
 */
export class ConnectionGate {
  readonly #options: GateOptions;
  readonly #sockets = new Set<Socket>();
  readonly #counts: Counts;
  #onEmpty: (() => void) | undefined;

  /** @param counts of those that are open */
  constructor(options: GateOptions, counts: Counts) {
    this.#options = options;
    this.#counts = counts;
  }

  /** Takes the socket in, or destroys it and answers false. */
  admit(socket: Socket): boolean {
    const { name, unix, observer } = this.#options;
    const peer = peerAddress(socket, unix);
    const key = clientKey(peer);
    const refused = this.#take(peer, key);
    if (refused !== undefined) {
      socket.destroy();
      observer.connectionRefused(name, refused);
      return false;
    }
    this.#sockets.add(socket);
    observer.connectionOpened(name);
    socket.on('close', () => {
      this.#forget(socket, key);
      // Under the name that it was opened by.
      observer.connectionClosed(name);
    });
    return true;
  }

  /** Resolves when no connection is left. */
  async empty(): Promise<void> {
    if (this.#sockets.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    await promise;
  }

  /** Cuts off every connection. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Counts a connection, or says why it may not live. */
  #take(peer: string, key: string): ConnectionRefusal | undefined {
    const { current, name } = this.#options;
    const prepared = current().listener(name);
    const trusted = prepared?.addresses.trusts(peer) !== false;
    if (!trusted && prepared?.addresses.admits(peer) === false) return 'address';
    const max = prepared?.node.connections.max ?? UNBOUNDED;
    const isCounted = !trusted && peer !== '';
    if (isCounted && prepared?.handshakes?.take(key, performance.now()).allowed === false)
      return 'handshakes';
    const bound = this.#counts.take(
      key,
      max,
      isCounted ? prepared!.node.connections.maxPerAddress : UNBOUNDED,
    );
    return bound === undefined ? undefined : bound === 'all' ? 'max' : 'max_per_address';
  }

  #forget(socket: Socket, key: string): void {
    this.#sockets.delete(socket);
    this.#counts.giveBack(key);
    if (this.#sockets.size === 0) this.#onEmpty?.();
  }
}
