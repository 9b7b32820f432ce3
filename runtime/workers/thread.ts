/** One thread that serves: the entry of its program. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import type { OpsSource } from '../ops/ops-source.ts';
import type { PreparedGeneration } from '../prepare.ts';
import { GraphHearer } from '../reload/told-graph.ts';
import { TurnTaking } from '../reload/turn-taking.ts';
import { Serving } from '../serving.ts';
import { INITIAL_LOG } from '../serving-options.ts';
import { killChildren, tellChildren } from '../upstream/stdio/child.ts';
import type { Bound, FromWorker, SharedMemories, ToWorker, WorkerData, WorkerState } from './messages.ts';
import { PortDestination } from './port-destination.ts';
import { beat } from './pulse.ts';
import { hearMemories } from './told-memories.ts';

assert.ok(parentPort !== null, 'this program runs in a thread');
const port = parentPort;
const { version, baseDirectory, sealingKey, pulse, ...identity } = workerData as WorkerData;
beat(pulse);

type AskedToPrepare = Extract<ToWorker, { kind: 'prepare' }>;

const tell = (message: FromWorker): void => port.postMessage(message);

/** Operations are served by the process. */
const notHere = (): never => {
  throw new Error('a thread serves no operations');
};
const NO_OPS: OpsSource = {
  status: notHere,
  traffic: notHere,
  graph: notHere,
  ready: notHere,
  reload: notHere,
  reloadOver: notHere,
  isReplicated: false,
  revoke: notHere,
  revocations: notHere,
  metrics: notHere,
  refresh: notHere,
};

tellChildren((pids) => tell({ kind: 'children', pids }));
const destination = new PortDestination(port);
const metrics = new Metrics(version);
const serving = new Serving({
  version,
  baseDirectory,
  destination,
  log: createLog(INITIAL_LOG, destination),
  metrics,
  ops: NO_OPS,
  stdio: undefined,
  thread: {
    ...identity,
    sealingKey: Buffer.from(sealingKey),
    onPressure: (reasons) => tell({ kind: 'pressure', reasons }),
  },
});
let prepared: PreparedGeneration | undefined;

const boundIn = ({ listeners }: PreparedGeneration): Readonly<Record<string, Bound>> =>
  Object.fromEntries(
    [...listeners].map(([name, { listener }]) => {
      const { bound, url } = listener;
      return [name, bound.type === 'tcp' ? { url, port: bound.port } : { url }];
    }),
  );

const stateNow = (): WorkerState => ({
  upstreams: serving.upstreams,
  pinned: serving.pinned,
  places: serving.places,
  refused: metrics.refusals.told(),
  sessions: serving.sessions,
  revocationsAgeMs: serving.revocations.ageMs,
  draining: serving.draining,
  generationRequests: serving.generationRequests,
  lateMs: metrics.lag.told(),
  metrics: metrics.trafficText(),
});

const graphs = new GraphHearer();
let memories: SharedMemories = {};

const prepare = async ({ told, hashes, ports, ...message }: AskedToPrepare): Promise<PreparedGeneration> => {
  memories = hearMemories(memories, message.memories);
  const heard = await graphs.hear(told, new TurnTaking());
  return await serving.prepare({ ...heard, ...hashes }, { memories, ports });
};

const act = async (message: ToWorker): Promise<void> => {
  const { id } = message;
  switch (message.kind) {
    case 'prepare':
      prepared = await prepare(message);
      tell({ kind: 'prepared', id, bound: boundIn(prepared) });
      return;
    case 'swap':
      assert.ok(prepared !== undefined, 'nothing is prepared');
      serving.swap(prepared);
      prepared = undefined;
      tell({ kind: 'done', id });
      return;
    case 'discard': {
      const discarded = prepared;
      // Before it is awaited: another may be prepared meanwhile.
      prepared = undefined;
      await discarded?.generation.retire(0);
      tell({ kind: 'done', id });
      return;
    }
    case 'revoke':
      serving.revocations.take(message.statements);
      tell({ kind: 'done', id });
      return;
    case 'ask':
      tell({ kind: 'state', id, state: stateNow() });
      return;
    case 'close':
      await serving.close(message.bounds);
      await prepared?.generation.retire(0);
      // Of a graph that is still being prepared, which is not waited for.
      killChildren();
      metrics.close();
      destination.close();
      tell({ kind: 'done', id });
  }
};

port.on('message', (message: ToWorker) => {
  act(message).catch((error: NodeJS.ErrnoException) => {
    tell({ kind: 'failed', id: message.id, message: error.message, code: error.code });
  });
});
