/** Which of several endpoints a request goes to. */
import type { Balance } from '../../schema/graph/upstream.ts';
import { textHash } from './text-hash.ts';

export interface Candidate {
  readonly healthy: boolean;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** From its address: keeps its share of keys, whichever others there are. */
  readonly seed: number;
}

/** What is asked for besides the balance. */
interface Wish {
  /** Requests with the same key go to the same endpoint, for `hash(principal.id)`. */
  readonly key?: string | undefined;
  /** Where the call has been already. */
  readonly tried?: ReadonlySet<Candidate> | undefined;
  /** Better one that is not healthy than one that was tried. */
  readonly elsewhere?: boolean;
}

/** Chooses among the same candidates again and again; remembers whose turn it is. */
export class Balancer<C extends Candidate> {
  readonly #balance: Balance;
  readonly #candidates: readonly C[];
  #turn = 0;

  constructor(balance: Balance, candidates: readonly C[]) {
    this.#balance = balance;
    this.#candidates = candidates;
  }

  /** One that is healthy and not tried before where there is one; else the least bad. */
  choose({ key, tried, elsewhere = false }: Wish): C {
    let chosen = 0;
    let [bestTier, bestRank] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const [at, candidate] of this.#candidates.entries()) {
      const isTried = tried?.has(candidate) === true;
      const tier = (candidate.healthy ? 0 : elsewhere ? 1 : 2) + (isTried ? (elsewhere ? 2 : 1) : 0);
      if (tier > bestTier) continue;
      const rank = this.#rank(candidate, at, key);
      if (tier === bestTier && rank >= bestRank) continue;
      [chosen, bestTier, bestRank] = [at, tier, rank];
    }
    this.#turn = (chosen + 1) % this.#candidates.length;
    return this.#candidates[chosen]!;
  }

  /** Lower is better. */
  #rank(candidate: C, at: number, key: string | undefined): number {
    const count = this.#candidates.length;
    const untilTurn = (at - this.#turn + count) % count;
    switch (this.#balance) {
      case 'failover':
        return at;
      case 'round-robin':
        return untilTurn;
      case 'least-requests':
        return candidate.inFlight * count + untilTurn;
      case 'hash(principal.id)':
        return -textHash(key ?? '', candidate.seed);
    }
  }
}
