/** How much of what lasts each caller has. */
import type { SessionsNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';

const tooMany = (message: string): GatewayError =>
  new GatewayError('too_many_sessions', message, { status: 503, rpcCode: RPC.limited, retryAfterMs: 30_000 });

/** Who it is counted for: anonymous callers are told apart by address, so that one cannot lock out the others. */
export const ownerOf = (principal: Principal, address: string): string =>
  principal.kind === 'anonymous' ? `${principal.key}@${address}` : principal.key;

export class OwnerQuota {
  readonly #owned = new Map<string, number>();
  #total = 0;

  /** Takes one for `owner`. Throws a GatewayError `too_many_sessions` where the bounds leave none. */
  take(owner: string, { max, maxPerPrincipal }: Pick<SessionsNode, 'max' | 'maxPerPrincipal'>): void {
    if (this.#total >= max) throw tooMany('too many sessions');
    const own = this.#owned.get(owner) ?? 0;
    if (own >= maxPerPrincipal) throw tooMany('too many sessions of this caller');
    this.#owned.set(owner, own + 1);
    this.#total += 1;
  }

  /** Gives back one that was taken for `owner`. */
  giveBack(owner: string): void {
    const left = this.#owned.get(owner)! - 1;
    if (left === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, left);
    this.#total -= 1;
  }
}
