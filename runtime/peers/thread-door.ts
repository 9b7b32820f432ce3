/** Where threads of the same process come in: a socket without a file, in the abstract namespace (unix(7)). */
import { createServer, type Server, type Socket } from 'node:net';
import type { Door } from './door.ts';
import { answerPeer } from './greeting.ts';

/** The socket of a thread. */
export const socketOf = (name: string): string => `\0gatewright-${name}`;

export class ThreadDoor implements Door {
  readonly #name: string;
  readonly #secret: Buffer;
  /** Connections of which it is not known whose they are. */
  readonly #unknown = new Set<Socket>();
  #server: Server | undefined;

  /** @param name what the other threads know this one by */
  constructor(name: string, secret: Buffer) {
    this.#name = name;
    this.#secret = secret;
  }

  async open(onPeer: (socket: Socket) => void): Promise<void> {
    const server = createServer((socket) => this.#greet(socket, onPeer));
    this.#server = server;
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    server.listen({ path: socketOf(this.#name) }, listening.resolve);
    await listening.promise;
    server.off('error', listening.reject);
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#unknown) socket.destroy();
  }

  #greet(socket: Socket, onPeer: (socket: Socket) => void): void {
    const forget = (): void => void this.#unknown.delete(socket);
    this.#unknown.add(socket);
    socket.once('close', forget);
    answerPeer(socket, this.#name, this.#secret, () => {
      forget();
      socket.off('close', forget);
      onPeer(socket);
    });
  }
}
