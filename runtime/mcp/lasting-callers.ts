/** Who has something open: a stream, a session, a channel. Judged again where another graph comes to serve. */
import { type Admitted, compareStandings } from '../../policies/identity/standing.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { Principal } from '../../schema/principal.ts';
import type { Exchange } from '../listen/exchange.ts';

/** One that has something open. */
export interface LastingCaller {
  readonly admitted: Admitted;
  /** Ends what it has open, in order, for it may not have it any more. Nothing more is told. Must not throw. */
  expel(): void;
}

/** The caller of an exchange, as it was let in; a session is bound to no place. */
export const admittedBy = (exchange: Exchange, server: string, boundTo: 'place' | 'server'): Admitted => {
  const { principal, listener, path, peer, clientAddress } = exchange;
  return { principal, server, listener, path: boundTo === 'place' ? path : undefined, peer, clientAddress };
};

export class LastingCallers {
  readonly #callers = new Set<LastingCaller>();
  readonly #isRevoked: (principal: Principal) => boolean;
  #graph: Graph | undefined;

  constructor(isRevoked: (principal: Principal) => boolean = () => false) {
    this.#isRevoked = isRevoked;
  }

  /**
   * Takes in one that was admitted under `graph`: by the time that it comes another may serve, or its credential may
   * have been revoked. Without one it was so long ago that nothing can be compared any more: it has to come again.
   */
  add(caller: LastingCaller, graph: Graph | undefined): void {
    this.#callers.add(caller);
    if (this.#isRevoked(caller.admitted.principal)) {
      this.#expel(caller);
      return;
    }
    const now = this.#graph;
    if (now === undefined || now === graph || now.reload.onPolicyChange !== undefined) return;
    if (graph === undefined || !compareStandings(graph, now)(caller.admitted)) this.#expel(caller);
  }

  remove(caller: LastingCaller): void {
    this.#callers.delete(caller);
  }

  /** Another graph serves: who it would not let in is ended, as it says: at once, within the window, or not. */
  afterSwap(graph: Graph): void {
    const before = this.#graph;
    this.#graph = graph;
    const { onPolicyChange, drain } = graph.reload;
    if (before === undefined || onPolicyChange === 'keep') return;
    const stands = compareStandings(before, graph);
    for (const caller of this.#callers) {
      if (stands(caller.admitted)) continue;
      if (onPolicyChange === undefined) this.#expel(caller);
      else setTimeout(() => this.#expel(caller), Math.random() * drain.windowMs).unref();
    }
  }

  /** Ends at once whatever those have open whose credential does not count any more. */
  expelRevoked(): void {
    for (const caller of this.#callers) if (this.#isRevoked(caller.admitted.principal)) this.#expel(caller);
  }

  #expel(caller: LastingCaller): void {
    if (this.#callers.delete(caller)) caller.expel();
  }
}
