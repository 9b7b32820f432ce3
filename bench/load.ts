/** A process of its own, driven over its IPC channel: takes one `LoadJob` at a time and answers a `LoadResult`. */
import { connect, type Socket } from 'node:net';
import { callRequest, ENDPOINT_PATH, type Era, type ReplyKind } from './call.ts';
import { cpuUs } from './cpu-time.ts';
import { type EventClient, openEventClient } from './event-endpoint.ts';
import { openSession } from './legacy-session.ts';
import { ReplyReader } from './reply-reader.ts';

export interface LoadJob {
  readonly port: number;
  readonly era: Era;
  readonly reply?: ReplyKind | undefined;
  /** Of the event stream, for `events`. */
  readonly eventPath?: string | undefined;
  readonly token?: string | undefined;
  readonly connections: number;
  /** Requests are sent at this rate, whatever becomes of those before; else each connection sends one at a time. */
  readonly perSecond?: number | undefined;
  /** How long requests are sent before anything is counted. */
  readonly warmMs: number;
  readonly measureMs: number;
  /** Whether it may end without one answer: who is only trained may begin slowly. */
  readonly mayBeSilent?: boolean | undefined;
  /** The processes of the target, whose CPU time is counted. */
  readonly pids: readonly number[];
  /** The upstream's process, which shares a core with the load. */
  readonly upstreamPid: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** CPU time of `pids` within these seconds. */
  readonly cpuUs: number;
  /** CPU time of the load and the upstream within these seconds. */
  readonly loadSideCpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the load process sends back. */
export type LoadMessage = { readonly result: LoadResult } | { readonly error: string };

const READ_BUFFER_BYTES = 64 * 1024;
const MAX_LATENCIES = 1 << 21;
const latenciesMs = new Float64Array(MAX_LATENCIES);

/** Latencies of the window that is being measured. */
let recorded = 0;
let stopping = false;
/** What connections that wait for nothing do once it is over. */
let onStop: (() => void)[] = [];

/** Settles once it has stopped. Calls `onFree` whenever the connection can take a request, for its `send`. */
const drive = (
  port: number,
  id: number,
  request: Buffer,
  kind: ReplyKind,
  onFree: (send: (dueMs: number) => void) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const reader = new ReplyReader(id, kind);
    let dueMs = 0;
    let isBusy = false;
    const send = (fromMs: number) => {
      dueMs = fromMs;
      isBusy = true;
      socket.write(request);
    };
    const receive = (byteCount: number, buffer: Uint8Array): boolean => {
      const verdict = reader.read(buffer.subarray(0, byteCount) as Buffer);
      if (verdict === 'pending') return true;
      if (verdict !== 'right') {
        socket.destroy(new Error(`wrong reply from port ${port}: ${verdict.wrong}`));
        return true;
      }
      latenciesMs[recorded % MAX_LATENCIES] = performance.now() - dueMs;
      recorded += 1;
      isBusy = false;
      if (stopping) socket.destroy();
      else onFree(send);
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES), callback: receive };
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => onFree(send));
    socket.on('error', reject);
    socket.on('close', () => (stopping ? resolve() : reject(new Error(`port ${port} closed a connection`))));
    onStop.push(() => {
      if (!isBusy) socket.destroy();
    });
  });

const percentileMs = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const after = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

const loadSideCpuUs = (job: LoadJob): number => cpuUs([process.pid, job.upstreamPid]);

const measure = async (job: LoadJob): Promise<LoadResult> => {
  await after(job.warmMs);
  recorded = 0;
  const startMs = performance.now();
  const start = { cpuUs: cpuUs(job.pids), loadSideCpuUs: loadSideCpuUs(job) };
  await after(job.measureMs);
  const requests = recorded;
  const result = {
    requests,
    seconds: (performance.now() - startMs) / 1000,
    cpuUs: cpuUs(job.pids) - start.cpuUs,
    loadSideCpuUs: loadSideCpuUs(job) - start.loadSideCpuUs,
  };
  stopping = true;
  for (const stop of onStop) stop();
  const sorted = latenciesMs.slice(0, Math.min(requests, MAX_LATENCIES)).sort();
  return { ...result, p50Ms: percentileMs(sorted, 0.5), p99Ms: percentileMs(sorted, 0.99) };
};

/** Sessions by port, kept between jobs: one for each connection, because ids are unique within a session only. */
const sessionsByPort = new Map<number, readonly string[]>();

const sessionsFor = async (job: LoadJob): Promise<readonly string[]> => {
  if (job.era === 'modern') return [];
  const known = sessionsByPort.get(job.port) ?? [];
  const sessions = [...known];
  while (sessions.length < job.connections) sessions.push(await openSession(job.port, job.token));
  sessionsByPort.set(job.port, sessions);
  return sessions;
};

const FIRST_ID = 100;

type OnFree = (send: (dueMs: number) => void) => void;

/** A connection sends again as soon as the reply to its last request has come. */
const oneAtATime: OnFree = (send) => send(performance.now());

/**
 * Requests come when they are due. One for which no connection is free waits, and its wait counts as its latency; that
 * this process looks at the clock once in a millisecond does not.
 */
const atRate = (perSecond: number): { readonly onFree: OnFree; readonly end: () => void } => {
  const free: ((dueMs: number) => void)[] = [];
  const waiting: number[] = [];
  const startMs = performance.now();
  let sent = 0;
  const look = () => {
    const nowMs = performance.now();
    for (const due = ((nowMs - startMs) / 1_000) * perSecond; sent < due && !stopping; sent += 1) {
      const send = free.shift();
      if (send === undefined) waiting.push(nowMs);
      else send(nowMs);
    }
  };
  const timer = setInterval(look, 1);
  const onFree: OnFree = (send) => {
    const dueMs = waiting.shift();
    if (dueMs === undefined) free.push(send);
    else send(dueMs);
  };
  return { onFree, end: () => clearInterval(timer) };
};

/** Over HTTP+SSE. */
const driveEvents = async (client: EventClient): Promise<void> => {
  while (!stopping) {
    const startMs = performance.now();
    await client.call();
    latenciesMs[recorded % MAX_LATENCIES] = performance.now() - startMs;
    recorded += 1;
  }
  client.close();
};

const runEvents = async (job: LoadJob): Promise<LoadResult> => {
  const endpoint = { port: job.port, path: job.eventPath ?? ENDPOINT_PATH, token: job.token };
  const clients = await Promise.all(
    Array.from({ length: job.connections }, (_, index) => openEventClient(endpoint, FIRST_ID + index)),
  );
  stopping = false;
  onStop = [];
  const [result] = await Promise.all([measure(job), ...clients.map(driveEvents)]);
  return result;
};

const run = async (job: LoadJob): Promise<LoadResult> => {
  if (job.reply === 'events') return await runEvents(job);
  const sessions = await sessionsFor(job);
  stopping = false;
  onStop = [];
  const { onFree, end } =
    job.perSecond === undefined ? { onFree: oneAtATime, end: () => undefined } : atRate(job.perSecond);
  const drives = Array.from({ length: job.connections }, (_, index) => {
    const id = FIRST_ID + index;
    const caller = { token: job.token, sessionId: sessions[index] };
    const { port, era, reply: kind = 'small' } = job;
    return drive(port, id, callRequest(era, id, port, caller, kind), kind, onFree);
  });
  const allDriven = Promise.all(drives);
  const result = await Promise.race([measure(job), allDriven.then(() => undefined)]);
  await allDriven.finally(end);
  if (result === undefined || (result.requests === 0 && job.mayBeSilent !== true))
    throw new Error(`port ${job.port} answered nothing`);
  return result;
};

const reply = (message: LoadMessage): void => void process.send?.(message);

process.on('message', (job: LoadJob) => {
  run(job).then(
    (result) => reply({ result }),
    (error: Error) => reply({ error: error.message }),
  );
});
