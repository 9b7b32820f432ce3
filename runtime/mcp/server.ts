/** A virtual server, prepared: everything that its requests need, made once for a generation. */

import type { CallFacts, Decision } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { PolicyNode } from '../../schema/graph/policy.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import type { Authenticate } from '../identity/authenticate.ts';
import type { JsonBounds } from '../json-bounds.ts';
import type { Log } from '../observe/log.ts';
import type { Peers } from '../peers/peers.ts';
import type { Sealer } from '../sealing/sealer.ts';
import type { GatewayInfo } from './ask.ts';
import type { ListReaders } from './changes/list-readers.ts';
import type { Exposure } from './exposure.ts';
import type { ParkedCalls } from './input/parked-calls.ts';
import type { LastingCallers } from './lasting-callers.ts';
import type { SessionStore } from './legacy/session-store.ts';
import type { Limits } from './limits.ts';
import type { Method } from './method.ts';
import type { ListenStreams } from './modern/listen-streams.ts';
import type { ModernViews } from './modern/modern-views.ts';
import type { ToldLists } from './told-lists.ts';

/** The server's policies as one question. */
export interface ServerPolicies {
  /** No policy is listed: all that is exposed may be called. */
  readonly none: boolean;
  /** Decisions hang on nothing but the principal and the target: they hold until the rules change. */
  readonly lasting: boolean;
  /** Whether a policy or a limit asks for request headers. */
  readonly readsHeaders: boolean;
  /** Whether a policy asks for the media type of resources, which only lists tell. */
  readonly readsMimeType: boolean;
  decide(facts: CallFacts): Decision;
  /** The same, and nothing is kept of it. */
  decideAnew(facts: CallFacts): Decision;
  /** What of who asks they may look at, as one text. */
  ofCaller(facts: CallFacts): string;
}

/** What the protocol room tells to metrics. */
export interface ServerMetrics {
  limited(limit: string): void;
  denied(policy: string, reason: 'denied' | 'error'): void;
  upstreamRequest(upstream: string, outcome: string): void;
}

/** The graph of a generation, until that is over: what goes on under it does not keep the whole. */
export interface HeldGraph {
  graph: Graph | undefined;
}

export interface PreparedServer {
  readonly node: ServerNode;
  /** What it is part of. */
  readonly held: HeldGraph;
  /** Those that the node names. */
  readonly policyNodes: readonly PolicyNode[];
  /** Hash of the node with all that it refers to, resolved values included. */
  readonly fingerprint: string;
  readonly info: GatewayInfo;
  /** JSON text of `info`. */
  readonly infoText: string;
  readonly modernVersions: readonly string[];
  /** Newest first. */
  readonly legacyVersions: readonly string[];
  readonly exposures: readonly Exposure[];
  /** Methods of extensions, by name; empty for most. */
  readonly extensionMethods: ReadonlyMap<string, Method>;
  readonly policies: ServerPolicies;
  readonly limits: Limits;
  readonly metrics: ServerMetrics;
  readonly log: Log;
  readonly views: ModernViews;
  readonly listens: ListenStreams;
  readonly lasting: LastingCallers;
  /** Who is to be told where a reload changes what they are listed. */
  readonly listReaders: ListReaders;
  readonly sessions: SessionStore;
  /** Calls that wait for input of modern clients. */
  readonly parked: ParkedCalls;
  /** Lists as they were told under this generation's rules. */
  readonly lists: ToldLists;
  /** Seals what is handed to clients to be shown again. */
  readonly sealer: Sealer;
  /** Others that serve the same; absent where there are none. */
  readonly peers: Peers | undefined;
}

/** A server at one of its places: what the listener adds. */
export interface Place {
  readonly server: PreparedServer;
  readonly authenticate: Authenticate;
  readonly maxBodyBytes: number;
  readonly json: JsonBounds;
}
