/** What calls of one upstream notice of the faults of another. */
import type { Fault } from '../test/support/fault-proxy.ts';
import { startDisturbance } from './disturbance-driver.ts';
import { median, quantile } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import { FAULTY_PATH } from './gateway-configuration.ts';
import { startLoad } from './load-driver.ts';
import type { Cores } from './pinned-process.ts';
import { ROOMY_FLAGS } from './target.ts';

/** What the other upstream does meanwhile. `is not called`: nothing. */
export type Beside = 'is not called' | 'answers' | Exclude<Fault, 'none'>;

/** All that is compared with one that answers. */
export const BESIDES: readonly Beside[] = [
  'is not called',
  'refuses',
  'hangs before headers',
  'hangs mid-body',
  'dribbles',
  'resets',
  'answers garbage',
  'closes after each reply',
  'answers 503',
];

export interface FaultLatency {
  /** Median of all windows. */
  readonly p99Ms: number;
  /** The median of what that of each window is to that of those right before and right after, without the fault. */
  readonly ratio: number;
  /** Quartiles of that: how far the windows agree. */
  readonly low: number;
  readonly high: number;
  /** The share of the other upstream's calls that got no answer. */
  readonly failedShare: number;
  /** Calls of the other upstream, in all rounds. */
  readonly disturbing: number;
}

export interface FaultLatencyOptions {
  readonly rounds: number;
  /** What is measured of {@link BESIDES}. */
  readonly besides: readonly Beside[];
  /** In each round so many follow each other of each fault, each with connections of its own, and as many without. */
  readonly windows: number;
  readonly windowMs: number;
  /** Calls a second of the sound upstream, whatever becomes of those before. */
  readonly perSecond: number;
  /** Of the other one. */
  readonly disturbingPerSecond: number;
  /** How long they are made before anything is counted: longer than those that hang take to end. */
  readonly warmMs: number;
  readonly connections: number;
}

interface Phase {
  /** Of each window. */
  readonly p99sMs: readonly number[];
  readonly calls: number;
  readonly failed: number;
}

/** A phase with those without a fault that it lies between. */
interface Pair {
  readonly phase: Phase;
  readonly without: readonly Phase[];
}

const REWARM_MS = 50;
/** Nothing hangs there. */
const REFERENCE_WARM_MS = 200;

const medianP99Ms = (phases: readonly Phase[]): number => median(phases.flatMap(({ p99sMs }) => p99sMs));

const summarised = (pairs: readonly Pair[]): FaultLatency => {
  const phases = pairs.map(({ phase }) => phase);
  const sum = (of: (phase: Phase) => number): number => phases.reduce((all, each) => all + of(each), 0);
  const disturbing = sum(({ calls }) => calls);
  const ratios = pairs.flatMap(({ phase, without }) => {
    const beforeAndAfterMs = medianP99Ms(without);
    return phase.p99sMs.map((p99Ms) => p99Ms / beforeAndAfterMs);
  });
  return {
    p99Ms: medianP99Ms(phases),
    ratio: median(ratios),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    failedShare: disturbing === 0 ? 0 : sum(({ failed }) => failed) / disturbing,
    disturbing,
  };
};

/**
 * Drives all in turn, round by round, each between two phases in which the other upstream answers as many calls: what a
 * machine does to both at a time is told of neither. Rejects on a wrong answer of the sound one.
 */
export const measureFaultLatency = async (
  cores: Cores,
  options: Omit<GatewayOptions, 'core' | 'profile' | 'faultyPort'>,
  upstreamPid: number,
  load: FaultLatencyOptions,
): Promise<ReadonlyMap<Beside, FaultLatency>> => {
  await using disturbance = await startDisturbance(cores.load);
  const faultyPort = disturbance.port;
  await using gateway = await startGateway({ ...options, core: cores.proxy, profile: 'faulty', faultyPort });
  await using driver = startLoad(cores.load, ROOMY_FLAGS);
  const { besides, connections, perSecond, windowMs } = load;
  const target = { port: gateway.port, era: 'modern' as const, pids: [gateway.pid], upstreamPid };
  const job = { ...target, connections, perSecond, measureMs: windowMs };
  const phaseOf = async (beside: Beside, windows: number): Promise<Phase> => {
    const fault = beside === 'is not called' || beside === 'answers' ? 'none' : beside;
    const rate = beside === 'is not called' ? 0 : load.disturbingPerSecond;
    const warmMs = fault === 'none' ? REFERENCE_WARM_MS : load.warmMs;
    const p99sMs: number[] = [];
    const disturb = { fault, gatewayPort: gateway.port, path: FAULTY_PATH, perSecond: rate } as const;
    const { result } = await disturbance.during(disturb, async () => {
      while (p99sMs.length < windows) {
        const ownWarmMs = p99sMs.length === 0 ? warmMs : REWARM_MS;
        p99sMs.push((await driver.run({ ...job, warmMs: ownWarmMs })).p99Ms);
      }
    });
    return { p99sMs, ...result };
  };
  const pairs = new Map<Beside, Pair[]>(besides.map((beside) => [beside, []]));
  const references: Pair[] = [];
  // Code that has not run yet is slow, and nothing is called whose tools are not known: this round counts for nothing.
  for (const beside of ['answers' as const, ...besides]) await phaseOf(beside, load.windows);
  for (let round = 0; round < load.rounds; round += 1) {
    const first = round % besides.length;
    let before = await phaseOf('answers', load.windows);
    for (const beside of [...besides.slice(first), ...besides.slice(0, first)]) {
      const phase = await phaseOf(beside, load.windows);
      const after = await phaseOf('answers', load.windows);
      pairs.get(beside)!.push({ phase, without: [before, after] });
      references.push({ phase: after, without: [before] });
      before = after;
    }
  }
  const summaries = [...pairs].map(([beside, own]) => [beside, summarised(own)] as const);
  return new Map([['answers', summarised(references)], ...summaries]);
};
