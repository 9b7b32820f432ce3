/** Drives all targets in turn, round by round, so that a neighbour's noise meets all of them alike. */
import type { LoadDriver } from './load-driver.ts';
import type { Target } from './target.ts';

export interface RoundOptions {
  readonly rounds: number;
  readonly connections: number;
  /** Unmeasured requests to each target before the first round, so that its code is compiled. */
  readonly trainRequests: number;
  /** That ends after so many seconds, whatever is missing. */
  readonly trainSeconds?: number | undefined;
  /** Unmeasured load at the beginning of each run. */
  readonly warmMs: number;
  readonly measureMs: number;
  readonly upstreamPid: number;
}

/** What one run showed of one target. */
export interface Sample {
  /** User and system time of the target's processes, in microseconds. */
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Share of one core that the target used. */
  readonly targetBusy: number;
  /** Share of one core that load and upstream used. */
  readonly loadBusy: number;
  readonly requests: number;
}

/** Samples by the name of their target, one a round. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** To a target that is slow. */
export const SLOW_CONNECTIONS = 2;
const SLOW_RUN_MS = 3_000;

/** What the load is told of a target, but for how long. */
export const jobFor = (target: Target, options: Pick<RoundOptions, 'connections' | 'upstreamPid'>) => ({
  port: target.port,
  era: target.era,
  reply: target.reply,
  eventPath: target.eventPath,
  token: target.token,
  connections: target.isSlow === true ? SLOW_CONNECTIONS : options.connections,
  pids: target.pids,
  upstreamPid: options.upstreamPid,
});

const TRAIN_STEP_MS = 1_000;
const TRAIN_SECONDS = 20;

/** A megabyte trains as much code as a few hundred bytes, but takes far longer. */
const LARGE_TRAIN_SHARE = 0.02;

const train = async (load: LoadDriver, target: Target, options: RoundOptions): Promise<void> => {
  if (target.isSlow === true) return;
  const job = { ...jobFor(target, options), warmMs: 0, measureMs: TRAIN_STEP_MS, mayBeSilent: true };
  const wanted = options.trainRequests * (target.reply === 'large' ? LARGE_TRAIN_SHARE : 1);
  let requests = 0;
  const steps = (1_000 * (options.trainSeconds ?? TRAIN_SECONDS)) / TRAIN_STEP_MS;
  for (let step = 0; step < steps && requests < wanted; step += 1) requests += (await load.run(job)).requests;
};

/** Runs all rounds; each begins with the next target. Rejects on the first wrong reply. */
export const runRounds = async (
  load: LoadDriver,
  targets: readonly Target[],
  options: RoundOptions,
  onRound: (round: number) => void,
): Promise<Samples> => {
  for (const target of targets) await train(load, target, options);
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    onRound(round + 1);
    const first = round % targets.length;
    for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
      const { warmMs } = options;
      const measureMs = target.isSlow === true ? SLOW_RUN_MS : options.measureMs;
      const result = await load.run({ ...jobFor(target, options), warmMs, measureMs });
      samples.get(target.name)?.push({
        cpuUsPerRequest: result.cpuUs / result.requests,
        requestsPerSecond: result.requests / result.seconds,
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
        targetBusy: result.cpuUs / result.seconds / 1e6,
        loadBusy: result.loadSideCpuUs / result.seconds / 1e6,
        requests: result.requests,
      });
    }
  }
  return samples;
};
