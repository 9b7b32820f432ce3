/** What the parts of a running gateway see of the graph that serves a request. */
import type { Graph } from '../schema/graph/graph.ts';
import type { Exchange } from './listen/exchange.ts';

/** Serves one path of a listener. Answers the exchange in every case; never rejects. */
export type Handler = (exchange: Exchange) => void;

/** A listener's part of a generation: what a request meets before its route. */
export interface PreparedListener {
  readonly name: string;
  /** Whether the peer may connect at all. */
  admitsPeer(address: string): boolean;
  /** By exact path. */
  readonly routes: ReadonlyMap<string, Handler>;
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
  acquire(): void;
  release(): void;
}
