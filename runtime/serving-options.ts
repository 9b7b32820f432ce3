/** What {@link Serving} is made with. */
import type { Readable, Writable } from 'node:stream';
import type { TelemetryNode } from '../schema/graph/graph.ts';
import type { LineDestination } from './observe/destination.ts';
import type { RootLog } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import type { OpsSource } from './ops/ops-source.ts';
import type { Serving } from './serving.ts';
import type { ServingThread } from './workers/serving-thread.ts';

export interface ServingOptions {
  readonly version: string;
  /** The folder of the configuration file, absolute. */
  readonly baseDirectory: string;
  readonly destination: LineDestination;
  readonly log: RootLog;
  readonly metrics: Metrics;
  readonly ops: OpsSource;
  /** The only server, which {@link Serving.serveStdio} serves; no listener is bound. */
  readonly stdio: string | undefined;
  /** Set where several threads serve. */
  readonly thread?: ServingThread;
}

/** The two ends of a client that started the process. */
export interface Pipes {
  readonly input: Readable;
  readonly output: Writable;
  /** An API key or access token for the server, where it has identities. */
  readonly token: string | undefined;
}

/** Used until the first graph is served. */
export const INITIAL_LOG: TelemetryNode['log'] = { level: 'info', format: 'json', access: false };
