/** What the parts of a running gateway see of the graph that serves a request. */

import type { AddressRules } from '../policies/listen/address-rules.ts';
import type { HostRules } from '../policies/listen/host-rules.ts';
import type { OriginRules } from '../policies/listen/origin-rules.ts';
import type { Graph } from '../schema/graph/graph.ts';
import type { ListenerNode } from '../schema/graph/listener.ts';
import type { WebExchange } from './listen/exchange.ts';
import type { Upgrade } from './listen/upgrade.ts';
import type { WellKnownDocument } from './listen/well-known.ts';
import type { RateLimiter } from './traffic/rate.ts';

/** Serves one path of a listener. Answers the exchange in every case; never rejects. */
export type Handler = (exchange: WebExchange) => void;

/** A listener's part of a generation: what a request meets before its route. Made by `prepareListener`. */
export interface PreparedListener {
  readonly name: string;
  readonly node: ListenerNode;
  readonly addresses: AddressRules;
  readonly hosts: HostRules;
  readonly origins: OriginRules;
  /** Headers of a reply to a request without Origin, flat. */
  readonly replyHeaders: readonly string[];
  /** By exact path. */
  readonly documents: ReadonlyMap<string, WellKnownDocument>;
  /** By exact path. */
  readonly routes: ReadonlyMap<string, Handler>;
  /** Where another protocol is spoken on request, by exact path. */
  readonly upgrades: ReadonlyMap<string, Upgrade>;
  /** How often one client may begin a TLS connection; absent without TLS. */
  readonly handshakes?: RateLimiter | undefined;
}

/** One graph with its live objects. A request holds it from first to last byte. */
export interface GenerationView {
  /** Counts up from 1. */
  readonly number: number;
  /** What was compiled. */
  readonly artifactHash: string;
  /** `artifactHash` with keyed digests of the resolved references. */
  readonly effectiveHash: string;
  readonly graph: Graph;
  /** Whether it has given everything back: what goes on under it does so with what others have, too. */
  readonly isOver: boolean;
  /** This generation's part of a listener; absent where it has none of that name. */
  listener(name: string): PreparedListener | undefined;
  acquire(): void;
  release(): void;
}

/** Stands for one as long as nothing is served. */
export const NO_GENERATION: GenerationView = {
  number: 0,
  artifactHash: '',
  effectiveHash: '',
  isOver: false,
  get graph(): Graph {
    throw new Error('no graph is served yet');
  },
  listener: () => undefined,
  acquire: () => undefined,
  release: () => undefined,
};
