/** How often one client may begin a TLS connection. */
import { DEFAULT_HANDSHAKES } from '../../schema/config/listener.ts';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { ratePerPeriod } from '../../schema/unit.ts';
import { createRateLimiter, type RateLimiter } from '../traffic/rate.ts';

const USUAL = ratePerPeriod(DEFAULT_HANDSHAKES)!;

/** Browsers open several connections at once, and all clients come back at once after a restart. */
const BURST = 2;

/** Clients that are remembered; with more of them at once, new ones have to wait. */
const MAX_CLIENTS = 100_000;

export class Handshakes {
  #limiter: RateLimiter | undefined;
  #judgedBy: ListenerNode['connections']['handshakes'];

  /** Whether a client may begin one more. Counts it. */
  admits(key: string, { tls, connections }: ListenerNode): boolean {
    if (tls === undefined) return true;
    if (this.#limiter === undefined || this.#judgedBy !== connections.handshakes) {
      const { count, periodMs } = connections.handshakes ?? USUAL;
      const rate = { kind: 'limit', type: 'rate', name: 'handshakes', key: [] } as const;
      this.#limiter = createRateLimiter({ ...rate, count, periodMs, burst: BURST * count }, MAX_CLIENTS);
      this.#judgedBy = connections.handshakes;
    }
    return this.#limiter.take(key, performance.now()).allowed;
  }
}
