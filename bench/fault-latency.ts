/** What calls of one upstream notice of the faults of another. */
import type { Fault } from '../test/support/fault-proxy.ts';
import { startDisturbance } from './disturbance-driver.ts';
import { median } from './figures.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import { FAULTY_PATH } from './gateway-configuration.ts';
import { startLoad } from './load-driver.ts';
import type { Cores } from './pinned-process.ts';
import { ROOMY_FLAGS } from './target.ts';

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
  /** What it is to that of the rounds without the fault, in which the other upstream answers as many calls. */
  readonly ratio: number;
  /** The share of the other upstream's calls that got no answer. */
  readonly failedShare: number;
  /** Calls of the other upstream, in all rounds. */
  readonly disturbing: number;
}

export interface FaultLatencyOptions {
  readonly rounds: number;
  /** In each round so many follow each other of each fault, each with connections of its own. */
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

const REWARM_MS = 50;

const medianP99Ms = (phases: readonly Phase[]): number => median(phases.flatMap(({ p99sMs }) => p99sMs));

const summarised = (phases: readonly Phase[], without: readonly Phase[]): FaultLatency => {
  const sum = (of: (phase: Phase) => number): number => phases.reduce((all, each) => all + of(each), 0);
  const disturbing = sum(({ calls }) => calls);
  return {
    p99Ms: medianP99Ms(phases),
    ratio: medianP99Ms(phases) / medianP99Ms(without),
    failedShare: disturbing === 0 ? 0 : sum(({ failed }) => failed) / disturbing,
    disturbing,
  };
};

/** Drives all in turn, round by round; each round begins with the next. Rejects on a wrong answer of the sound one. */
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
  const { connections, perSecond, windowMs, warmMs } = load;
  const target = { port: gateway.port, era: 'modern' as const, pids: [gateway.pid], upstreamPid };
  const job = { ...target, connections, perSecond, measureMs: windowMs };
  const besides: readonly Beside[] = [...REFERENCES, ...FAULTS.filter((fault) => fault !== 'none')];
  const phaseOf = async (beside: Beside, windows: number): Promise<Phase> => {
    const fault = beside === 'is not called' || beside === 'answers' ? 'none' : beside;
    const rate = beside === 'is not called' ? 0 : load.disturbingPerSecond;
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
  const phases = new Map<Beside, Phase[]>(besides.map((beside) => [beside, []]));
  // Code that has not run yet is slow: this round counts for nothing.
  for (const beside of besides) await phaseOf(beside, 1);
  for (let round = 0; round < load.rounds; round += 1) {
    const first = round % besides.length;
    for (const beside of [...besides.slice(first), ...besides.slice(0, first)])
      phases.get(beside)!.push(await phaseOf(beside, load.windows));
  }
  const without = phases.get('answers')!;
  return new Map([...phases].map(([beside, own]) => [beside, summarised(own, without)]));
};
