/** How much of what lasts each caller has. */
import { clientKey } from '../../../policies/listen/client-key.ts';
import type { SessionsNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { type Counts, LocalCounts } from '../../state/counts.ts';

/** What is counted, as its callers know it. */
export type Owned = 'sessions' | 'subscriptions';

const tooMany = (owned: Owned, message: string): GatewayError =>
  new GatewayError(`too_many_${owned}`, message, {
    status: 503,
    rpcCode: RPC.limited,
    retryAfterMs: 30_000,
  });

/** Who it is counted for: anonymous callers are told apart by address, so that one cannot lock out the others. */
export const ownerOf = (principal: Principal, address: string): string =>
  principal.kind === 'anonymous' ? `${principal.key}@${clientKey(address)}` : principal.key;

export class OwnerQuota {
  readonly #counts: Counts;
  readonly #owned: Owned;

  constructor(counts: Counts = new LocalCounts(), owned: Owned = 'sessions') {
    this.#counts = counts;
    this.#owned = owned;
  }

  /** Takes one for `owner`. Throws a GatewayError where the bounds leave none. */
  take(owner: string, { max, maxPerPrincipal }: Pick<SessionsNode, 'max' | 'maxPerPrincipal'>): void {
    const bound = this.#counts.take(owner, max, maxPerPrincipal);
    if (bound === 'all') throw tooMany(this.#owned, `too many ${this.#owned}`);
    if (bound === 'key') throw tooMany(this.#owned, `too many ${this.#owned} of this caller`);
  }

  /** Gives back one that was taken for `owner`. */
  giveBack(owner: string): void {
    this.#counts.giveBack(owner);
  }
}
