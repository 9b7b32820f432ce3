/** The targets of a run, and the load on them. */
import { NAMES } from './budgets.ts';
import type { Era, ReplyKind } from './call.ts';
import { median, medianOf } from './figures.ts';
import { assertMetrics, assertSecure, type GatewayOptions, startGateway } from './gateway.ts';
import type { Profile } from './gateway-configuration.ts';
import { type LoadDriver, startLoad } from './load-driver.ts';
import { nginxVersion, startNginx } from './nginx.ts';
import type { BenchOptions } from './options.ts';
import type { Cores } from './pinned-process.ts';
import { jobFor, runRounds, type Samples } from './rounds.ts';
import { type Program, startProgram, type Target } from './target.ts';

export interface Bench {
  readonly options: BenchOptions;
  readonly cores: Cores;
  /** For files of this run; removed afterwards. */
  readonly folder: string;
  readonly upstream: Program;
  readonly program: string;
}

const tell = (line: string): void => console.error(line);

export const gatewayOptions = (bench: Bench, profile: Profile): GatewayOptions => ({
  core:
    profile === 'two-workers' && bench.cores.second !== undefined
      ? [bench.cores.proxy, bench.cores.second]
      : bench.cores.proxy,
  folder: bench.folder,
  profile,
  upstreamPort: bench.upstream.port,
  program: bench.program,
});

interface GatewayTarget {
  readonly key: keyof typeof NAMES;
  readonly profile: Profile;
  readonly era: Era;
  readonly reply?: ReplyKind;
}

/** Each era and kind of reply gets a process of its own, so that neither is measured with code that the other has shaped. */
const GATEWAYS = [
  { key: 'bare', profile: 'bare', era: 'modern' },
  { key: 'twoThreads', profile: 'two-workers', era: 'modern' },
  { key: 'bareStream', profile: 'bare', era: 'modern', reply: 'stream' },
  { key: 'bareLarge', profile: 'bare', era: 'modern', reply: 'large' },
  { key: 'secure', profile: 'secure', era: 'modern' },
  { key: 'bareLegacy', profile: 'bare', era: 'legacy' },
  { key: 'secureLegacy', profile: 'secure', era: 'legacy' },
  { key: 'toLegacy', profile: 'to-legacy', era: 'modern' },
  { key: 'toModern', profile: 'to-modern', era: 'legacy' },
  { key: 'api', profile: 'api', era: 'modern' },
  { key: 'apiOf500', profile: 'api-of-500', era: 'modern' },
] as const satisfies readonly GatewayTarget[];

export const gatewaysWanted = ({ only }: BenchOptions): readonly GatewayTarget[] =>
  GATEWAYS.filter(({ key }) => only.has(key));

const startGateways = async (bench: Bench, stack: AsyncDisposableStack): Promise<readonly Target[]> => {
  const targets: Target[] = [];
  for (const { key, profile, era, reply } of gatewaysWanted(bench.options)) {
    const gateway = stack.use(await startGateway(gatewayOptions(bench, profile)));
    if (profile === 'secure') await assertSecure(gateway);
    await assertMetrics(gateway);
    targets.push({
      name: NAMES[key],
      era,
      reply,
      port: gateway.port,
      token: gateway.token,
      pids: [gateway.pid],
    });
  }
  return targets;
};

const startReferences = async (bench: Bench, stack: AsyncDisposableStack): Promise<readonly Target[]> => {
  const { cores, folder, upstream } = bench;
  const { only } = bench.options;
  const targets: Target[] = [];
  if (only.has('direct'))
    targets.push({ name: NAMES.direct, port: upstream.port, era: 'modern', pids: [upstream.pid] });
  if (only.has('nginx')) {
    if (nginxVersion() === undefined) tell('nginx is not installed: no ratio to it');
    else {
      const nginx = stack.use(await startNginx(cores.proxy, folder, upstream.port));
      targets.push(nginx, { ...nginx, name: NAMES.nginxLarge, reply: 'large' });
    }
  }
  if (only.has('floor')) {
    const floor = stack.use(await startProgram(cores.proxy, 'floor.ts', [String(upstream.port)]));
    targets.push({ name: NAMES.floor, port: floor.port, era: 'modern', pids: [floor.pid] });
  }
  return targets;
};

/** The 99th percentile at half of the rate that each target was saturated at, by name: medians over the rounds. */
export type HalfLoad = ReadonlyMap<string, number>;

const HALF_LOADED: readonly string[] = [NAMES.nginx, NAMES.bare, NAMES.secure];

const measureHalfLoad = async (
  load: LoadDriver,
  targets: readonly Target[],
  samples: Samples,
  { options, upstream }: Bench,
): Promise<HalfLoad> => {
  const p99sMs = new Map<string, number[]>();
  const half = targets.filter(({ name }) => HALF_LOADED.includes(name));
  for (let round = 0; round < options.openRounds; round += 1)
    for (const target of half) {
      const perSecond = medianOf(samples.get(target.name) ?? [], 'requestsPerSecond') / 2;
      const { warmMs, measureMs } = options;
      const job = jobFor(target, { ...options, upstreamPid: upstream.pid });
      const { p99Ms } = await load.run({ ...job, perSecond, warmMs, measureMs });
      p99sMs.set(target.name, [...(p99sMs.get(target.name) ?? []), p99Ms]);
    }
  return new Map([...p99sMs].map(([name, values]) => [name, median(values)]));
};

export interface Traffic {
  readonly samples: Samples;
  readonly halfLoad: HalfLoad;
}

export const measureTraffic = async (bench: Bench): Promise<Traffic> => {
  const { options, cores, upstream } = bench;
  await using stack = new AsyncDisposableStack();
  const targets = [...(await startReferences(bench, stack)), ...(await startGateways(bench, stack))];
  const load = stack.use(startLoad(cores.load));
  const samples = await runRounds(load, targets, { ...options, upstreamPid: upstream.pid }, (round) =>
    tell(`round ${round} of ${options.rounds}`),
  );
  if (options.openRounds > 0) tell('half of that load');
  return { samples, halfLoad: await measureHalfLoad(load, targets, samples, bench) };
};
