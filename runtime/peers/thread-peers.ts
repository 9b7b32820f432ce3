/**
 * The threads of a process as peers. Each listens on a socket that has its name, in the abstract namespace of the
 * kernel (unix(7)): it needs no folder, and is gone with its thread.
 */
import type { Pool } from 'undici';
import type { WebExchange } from '../listen/exchange.ts';
import { undici } from '../undici.ts';
import { callPeer } from './greeting.ts';
import { sendOver } from './hand-over.ts';
import type { Peers } from './peers.ts';
import { socketOf } from './thread-door.ts';

const IDLE_MS = 10_000;

export class ThreadPeers implements Peers {
  readonly self: string;
  readonly #secret: Buffer;
  readonly #pools = new Map<string, Pool>();

  constructor(self: string, secret: Buffer) {
    this.self = self;
    this.#secret = secret;
  }

  handOver(exchange: WebExchange, owner: string, body: string | undefined, onGone: () => void): void {
    sendOver(this.#pool(owner), this.#secret, exchange, body, () => {
      this.#forget(owner);
      onGone();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #pool(owner: string): Pool {
    const known = this.#pools.get(owner);
    if (known !== undefined) return known;
    const pool = new (undici().Pool)('http://peer', {
      connect: (_, callback) =>
        callPeer(socketOf(owner), owner, this.#secret, callback as Parameters<typeof callPeer>[3]),
      keepAliveTimeout: IDLE_MS,
      // Streams last for as long as they do.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#pools.set(owner, pool);
    return pool;
  }

  /** Peers that have ended leave nothing behind. */
  #forget(owner: string): void {
    const pool = this.#pools.get(owner);
    this.#pools.delete(owner);
    void pool?.close();
  }
}
