/** Others that serve the same graph. What is live has one owner; a request for it is handed to that one. */
import { randomBytes } from 'node:crypto';
import type { WebExchange } from '../listen/exchange.ts';

export interface Peers {
  /** Names this one in what it seals. */
  readonly self: string;
  /**
   * Hands a request to the peer that `owner` names, which answers it in place of this one, identifies its caller itself
   * and judges it by its own graph. `onGone` is called where there is no such peer any more: nothing was answered, and
   * what lived there is gone. Where it cannot be said whether there is, the request is refused. `body` is what was read
   * of it.
   */
  handOver(exchange: WebExchange, owner: string, body: string | undefined, onGone: () => void): void;
}

/** The outcome of an exchange that another tells of. */
export const HANDED_OVER = 'handed_over';

/** Names a process among all that serve the same graph. */
export const newReplicaId = (): string => randomBytes(12).toString('base64url');

/** The name of one that serves: that of its process, and its number in it. */
export const ownerName = (replica: string, holder: number): string => `${replica}.${holder}`;

/** The process that an owner is in. */
export const replicaOf = (owner: string): string => owner.slice(0, Math.max(0, owner.lastIndexOf('.')));
