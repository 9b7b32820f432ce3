/** What the process and the threads that serve say to each other. Plain data, structured-cloned. */

import type { NodeId } from '../../schema/graph/graph.ts';
import type { EndBounds } from '../end-bounds.ts';
import type { PinDifference } from '../mcp/pin.ts';
import type { LateMs } from '../observe/event-loop-lag.ts';
import type { HeldPlaces } from '../observe/limit-metrics.ts';
import type { LoadedGraph } from '../reload/reloader.ts';
import type { ToldGraph } from '../reload/told-graph.ts';
import type { CountingThread } from '../state/shared-counts.ts';
import type { Statement } from '../state/stored-table.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { UpstreamState } from '../upstream/link.ts';
import type { ToldMemories } from './told-memories.ts';

/** What a thread is started with. */
export interface WorkerData extends CountingThread {
  readonly version: string;
  /** The folder of the configuration file, absolute. */
  readonly baseDirectory: string;
  /** Names the process. */
  readonly replica: string;
  /** Seals where the configuration names no keys: the same in every thread. */
  readonly sealingKey: Uint8Array;
  /** For what may be used once, whichever thread it is shown to. */
  readonly once: SharedArrayBuffer;
  readonly open: OpenMemories;
  /** Where it counts for as long as it goes on. */
  readonly pulse: SharedArrayBuffer;
}

/** Where all threads count what is open, by who has it. */
export interface OpenMemories {
  readonly sessions: SharedArrayBuffer;
  /** Streams of the transport of 2024-11-05. */
  readonly channels: SharedArrayBuffer;
  readonly parked: SharedArrayBuffer;
  readonly subscriptions: SharedArrayBuffer;
  /** What bodies hold that are not whole yet, in blocks, by the client that sends them. */
  readonly bodies: SharedArrayBuffer;
}

/** Memory that counts for all threads, by the node that it belongs to. */
export type SharedMemories = Readonly<Partial<Record<NodeId, SharedArrayBuffer>>>;

/** Ports that the system chose for listeners, by name. */
export type Ports = Readonly<Record<string, number>>;

export type ToWorker =
  | {
      readonly kind: 'prepare';
      readonly id: number;
      /** What the graph is from what was asked to be prepared before. */
      readonly told: ToldGraph;
      readonly hashes: Pick<LoadedGraph, 'artifactHash' | 'effectiveHash'>;
      readonly memories: ToldMemories;
      readonly ports: Ports;
    }
  | { readonly kind: 'swap' | 'discard' | 'ask'; readonly id: number }
  /** Who is revoked from now on, or not any more. */
  | { readonly kind: 'revoke'; readonly id: number; readonly statements: readonly Statement[] }
  | { readonly kind: 'close'; readonly id: number; readonly bounds: EndBounds };

/** What one thread tells of itself. */
export interface WorkerState {
  readonly upstreams: Readonly<Record<string, UpstreamState>>;
  readonly pinned: Readonly<Record<string, readonly PinDifference[]>>;
  /** What its calls hold of limits on calls at a time. */
  readonly places: readonly HeldPlaces[];
  /** What its limits have refused in the last minute. */
  readonly refused: Readonly<Record<string, number>>;
  readonly sessions: number;
  /** How long ago it read in the store who is revoked; undefined where there is none. */
  readonly revocationsAgeMs: number | undefined;
  readonly draining: number;
  /** Requests and streams by generation. */
  readonly generationRequests: readonly (readonly [generation: number, requests: number])[];
  readonly lateMs: LateMs;
  /** Its counts, as Prometheus text. */
  readonly metrics: string;
}

/** Where one listener is bound. */
export interface Bound {
  readonly url: string;
  /** Absent for a unix socket. */
  readonly port?: number;
}

/** Answers have the id of what was asked. */
export type FromWorker =
  | { readonly kind: 'lines'; readonly lines: string }
  | { readonly kind: 'pressure'; readonly reasons: readonly PressureReason[] }
  /** Processes of stdio upstreams that live. */
  | { readonly kind: 'children'; readonly pids: readonly number[] }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'prepared'; readonly id: number; readonly bound: Readonly<Record<string, Bound>> }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly message: string;
      readonly code: string | undefined;
    }
  | { readonly kind: 'state'; readonly id: number; readonly state: WorkerState };
