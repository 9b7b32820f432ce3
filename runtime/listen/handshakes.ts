/** How often one client may begin a TLS connection: over all threads, and on through reloads that leave it alone. */
import { DEFAULT_HANDSHAKES } from '../../schema/config/listener.ts';
import type { NodeId } from '../../schema/graph/graph.ts';
import type { RateLimitNode } from '../../schema/graph/limit.ts';
import type { ListenerNode } from '../../schema/graph/listener.ts';
import { ratePerPeriod } from '../../schema/unit.ts';
import { createRateLimiter, type RateLimiter } from '../traffic/rate.ts';
import { createSharedRateLimiter, rateMemory } from '../traffic/shared-rate.ts';
import { socketFingerprint } from './socket-fingerprint.ts';

const USUAL = ratePerPeriod(DEFAULT_HANDSHAKES)!;

/** Browsers open several connections at once, and all clients come back at once after a restart. */
const BURST = 2;

/** Clients that are remembered; with more of them at once, new ones have to wait. */
const MAX_CLIENTS = 100_000;
/** Of a table that has room for as many. */
const LEVELS = 8;

const rateOf = ({ connections }: ListenerNode) => connections.handshakes ?? USUAL;

/** What the memory of a listener's handshakes goes by, beside that of its connections. */
export const handshakesId = (listener: string): NodeId => `listener:${listener}/handshakes`;

/** Listeners with the same go on with what was counted, under whatever name. */
export const handshakesFingerprint = (node: ListenerNode): string => {
  const { count, periodMs } = rateOf(node);
  return `${socketFingerprint(node)} ${count}/${periodMs}`;
};

/** Memory for one listener. */
export const handshakesMemory = (): SharedArrayBuffer => rateMemory(LEVELS);

/** @param threads where several count together */
export const createHandshakes = (
  node: ListenerNode,
  threads?: { readonly memory: SharedArrayBuffer; readonly holder: number },
): RateLimiter => {
  const { count, periodMs } = rateOf(node);
  const rate: RateLimitNode = {
    kind: 'limit',
    type: 'rate',
    name: 'handshakes',
    key: [],
    count,
    periodMs,
    burst: BURST * count,
  };
  return threads === undefined
    ? createRateLimiter(rate, MAX_CLIENTS)
    : createSharedRateLimiter(rate, threads.memory, threads.holder);
};
