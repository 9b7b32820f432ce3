/** What calls of one upstream notice of the faults of another. */
import type { Fault } from '../test/support/fault-proxy.ts';
import { startDisturbance } from './disturbance-driver.ts';
import { median } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import { FAULTY_PATH } from './gateway-configuration.ts';
import { startLoad } from './load-driver.ts';
import type { Cores } from './pinned-process.ts';

const FAULTS: readonly Fault[] = [
  'refuses',
  'hangs before headers',
  'hangs mid-body',
  'dribbles',
  'resets',
  'answers garbage',
  'closes after each reply',
  'answers 503',
];

/** What the other upstream does meanwhile. `is not called`: nothing. */
export type Beside = 'is not called' | 'answers' | Exclude<Fault, 'none'>;

/** Without the fault: the other upstream does what all of them do at their best. */
const REFERENCES = ['is not called', 'answers'] as const;

export interface FaultLatency {
  /** Median over the rounds. */
  readonly p99Ms: number;
  /** Median over the rounds of what it is to the same round's without the fault. */
  readonly ratio: number;
  /** The share of the other upstream's calls that got no answer. */
  readonly failedShare: number;
  /** Calls of the other upstream, in all rounds. */
  readonly disturbing: number;
}

export interface FaultLatencyOptions {
  readonly rounds: number;
  readonly windowMs: number;
  /** Calls a second of the sound upstream, whatever becomes of those before. */
  readonly perSecond: number;
  /** Of the other one. */
  readonly disturbingPerSecond: number;
  readonly connections: number;
}

interface Window {
  readonly p99Ms: number;
  readonly calls: number;
  readonly failed: number;
}

const summarised = (windows: readonly Window[], quiet: readonly Window[]): FaultLatency => {
  const sum = (of: (window: Window) => number): number => windows.reduce((all, each) => all + of(each), 0);
  const disturbing = sum(({ calls }) => calls);
  return {
    p99Ms: median(windows.map(({ p99Ms }) => p99Ms)),
    ratio: median(windows.map(({ p99Ms }, round) => p99Ms / quiet[round]!.p99Ms)),
    failedShare: disturbing === 0 ? 0 : sum(({ failed }) => failed) / disturbing,
    disturbing,
  };
};

/** Drives all in turn, round by round; each round begins with the next. Rejects on a wrong answer of the sound one. */
export const measureFaultLatency = async (
  cores: Cores,
  options: Omit<GatewayOptions, 'core' | 'profile' | 'faultyPort'>,
  upstreamPid: number,
  { rounds, windowMs, perSecond, disturbingPerSecond, connections }: FaultLatencyOptions,
): Promise<ReadonlyMap<Beside, FaultLatency>> => {
  await using disturbance = await startDisturbance(cores.load, options.upstreamPort);
  const faultyPort = disturbance.port;
  await using gateway = await startGateway({ ...options, core: cores.proxy, profile: 'faulty', faultyPort });
  await using load = startLoad(cores.load);
  const job = { port: gateway.port, era: 'modern' as const, pids: [gateway.pid], upstreamPid };
  const quiet = { ...job, connections, perSecond, warmMs: 200, measureMs: windowMs };
  const besides: readonly Beside[] = [...REFERENCES, ...FAULTS.filter((fault) => fault !== 'none')];
  const windowOf = async (beside: Beside): Promise<Window> => {
    const fault = beside === 'is not called' || beside === 'answers' ? 'none' : beside;
    const rate = beside === 'is not called' ? 0 : disturbingPerSecond;
    const { done, result } = await disturbance.during(
      { fault, gatewayPort: gateway.port, path: FAULTY_PATH, perSecond: rate },
      () => load.run(quiet),
    );
    return { p99Ms: done.p99Ms, ...result };
  };
  const windows = new Map<Beside, Window[]>(besides.map((beside) => [beside, []]));
  // Code that has not run yet is slow: this round counts for nothing.
  for (const beside of besides) await windowOf(beside);
  for (let round = 0; round < rounds; round += 1) {
    const first = round % besides.length;
    for (const beside of [...besides.slice(first), ...besides.slice(0, first)])
      windows.get(beside)!.push(await windowOf(beside));
  }
  const reference = windows.get('answers')!;
  return new Map([...windows].map(([beside, own]) => [beside, summarised(own, reference)]));
};
