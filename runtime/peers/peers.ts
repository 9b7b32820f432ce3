/** Others that serve the same graph. What is live has one owner; a request for it is handed to that one. */
import type { WebExchange } from '../listen/exchange.ts';

export interface Peers {
  /** Names this one in what it seals. */
  readonly self: string;
  /**
   * Hands a request to the peer that `owner` names, which answers it in place of this one. `onGone` is called where
   * there is no such peer any more; then nothing was done, and nothing answered. `body` is what was read of it.
   */
  handOver(exchange: WebExchange, owner: string, body: string | undefined, onGone: () => void): void;
}

/** The outcome of an exchange that another tells of. */
export const HANDED_OVER = 'handed_over';
