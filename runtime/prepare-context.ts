/** What outlives generations and they are made from. */
import type { GenerationView } from './generation.ts';
import type { LastingWork } from './lasting-work.ts';
import type { ListenerObserver } from './listen/observer.ts';
import type { LiveObjects } from './live-objects.ts';
import type { PreparedServer } from './mcp/server.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import type { OpsSource } from './ops/ops-source.ts';
import type { Peers } from './peers/peers.ts';
import type { RevocationJudge } from './revocation/revocations.ts';
import type { Sealer } from './sealing/sealer.ts';
import type { StateStore } from './state/state-store.ts';
import type { ServingThread } from './workers/serving-thread.ts';

/** What generations are made from. */
export interface PrepareContext {
  readonly version: string;
  readonly live: LiveObjects;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly work: LastingWork;
  readonly revocations: RevocationJudge;
  readonly sealer: Sealer;
  readonly peers: Peers | undefined;
  /** What replicas share, where they share anything. */
  readonly store: StateStore | undefined;
  readonly ops: OpsSource;
  readonly observer: ListenerObserver;
  /** The only server, where it is served over pipes: no listener is bound then. */
  readonly stdio: string | undefined;
  /** Set where several threads serve. */
  readonly thread: ServingThread | undefined;
  /** The generation that serves. */
  readonly current: () => GenerationView;
  /** No generation has a server with these exposures any more. */
  serverOver(name: string, exposures: PreparedServer['exposures']): void;
}
