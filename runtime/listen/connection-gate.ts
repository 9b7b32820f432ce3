import type { Socket } from 'node:net';
import type { GenerationView } from '../generation.ts';
import { peerAddress } from './connection.ts';
import type { ConnectionRefusal, ListenerObserver } from './observer.ts';

/** What one client is counted by: an IPv4 address, or the /64 that an IPv6 client can move in at will. */
export const clientKey = (address: string): string => {
  if (!address.includes(':')) return address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    while (groups.length + tail.length < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
};

/** What the gate asks for at each connection. */
export interface GateOptions {
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
  readonly #perClient = new Map<string, number>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Takes the socket in, or destroys it and answers false. */
  admit(socket: Socket): boolean {
    const { name, unix, observer } = this.#options;
    const peer = peerAddress(socket, unix);
    const refused = this.#refusal(peer);
    if (refused !== undefined) {
      socket.destroy();
      observer.connectionRefused(name, refused);
      return false;
    }
    this.#sockets.add(socket);
    const key = clientKey(peer);
    this.#perClient.set(key, (this.#perClient.get(key) ?? 0) + 1);
    observer.connectionOpened(name);
    socket.on('close', () => this.#forget(socket, key));
    return true;
  }

  /** Cuts off every connection. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #refusal(peer: string): ConnectionRefusal | undefined {
    const prepared = this.#options.current().listener(this.#options.name);
    if (prepared === undefined) return undefined;
    const { connections } = prepared.node;
    if (this.#sockets.size >= connections.max) return 'max';
    if (prepared.addresses.trusts(peer)) return undefined;
    if (!prepared.addresses.admits(peer)) return 'address';
    const count = peer === '' ? 0 : (this.#perClient.get(clientKey(peer)) ?? 0);
    return count >= connections.maxPerAddress ? 'max_per_address' : undefined;
  }

  #forget(socket: Socket, key: string): void {
    this.#sockets.delete(socket);
    const left = this.#perClient.get(key)! - 1;
    if (left === 0) this.#perClient.delete(key);
    else this.#perClient.set(key, left);
    this.#options.observer.connectionClosed(this.#options.name);
  }
}
