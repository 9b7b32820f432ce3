/** Where other replicas come in: a port, of which every thread has a socket of its own. */
import type { Server, Socket } from 'node:net';
import type { BindAddress } from '../../schema/graph/listener.ts';
import { type BindTogether, bindServer } from '../listen/bind.ts';
import type { Door } from './door.ts';
import type { LinkKey } from './link-keys.ts';
import { linkServer } from './replica-link.ts';

/** Connections that have not proved anything yet; beyond, the oldest goes, which had the most time. */
const MAX_UNKNOWN = 256;

interface ReplicaDoorOptions {
  readonly bind: BindAddress;
  /** Set where several threads take connections. */
  readonly together: BindTogether | undefined;
  readonly keys: () => readonly LinkKey[];
  readonly onRefused: () => void;
}

export class ReplicaDoor implements Door {
  readonly #options: ReplicaDoorOptions;
  /** By the port of the other end and its address: TLS wraps the socket. */
  readonly #unknown = new Map<string, Socket>();
  #server: Server | undefined;

  constructor(options: ReplicaDoorOptions) {
    this.#options = options;
  }

  async open(onPeer: (socket: Socket) => void): Promise<void> {
    const server = linkServer(this.#options.keys, (socket) => {
      this.#unknown.delete(endOf(socket));
      onPeer(socket);
    });
    server.prependListener('connection', (socket: Socket) => this.#hold(socket));
    server.on('tlsClientError', (_, socket) => {
      this.#options.onRefused();
      socket.destroy();
    });
    this.#server = server;
    await bindServer(server, this.#options.bind, this.#options.together);
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#unknown.values()) socket.destroy();
  }

  #hold(socket: Socket): void {
    const end = endOf(socket);
    const [oldest] = this.#unknown.values();
    if (this.#unknown.size >= MAX_UNKNOWN) oldest!.destroy();
    this.#unknown.set(end, socket);
    socket.once('close', () => {
      if (this.#unknown.get(end) === socket) this.#unknown.delete(end);
    });
  }
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
