/** `npm run bench`: what the gateway costs, beside nginx, a floor and no proxy at all. See docs/performance.md. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge, NAMES } from './budgets.ts';
import { assertMetrics, assertSecure, type GatewayOptions, startGateway } from './gateway.ts';
import type { Profile } from './gateway-configuration.ts';
import { gatewayProgram, isStale, packageFile } from './gateway-program.ts';
import { type Lists, measureLists } from './lists.ts';
import { startLoad } from './load-driver.ts';
import { describeMachine } from './machine.ts';
import { nginxVersion, startNginx } from './nginx.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { type Cores, chooseCores } from './pinned-process.ts';
import { type Report, reportPage, resultText } from './report.ts';
import { runRounds, type Samples } from './rounds.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { measureSubscriptions, type Subscriptions } from './subscriptions.ts';
import { type Program, startProgram, type Target } from './target.ts';

interface Bench {
  readonly options: BenchOptions;
  readonly cores: Cores;
  /** For files of this run; removed afterwards. */
  readonly folder: string;
  readonly upstream: Program;
  readonly program: string;
}

const tell = (line: string): void => console.error(line);

const gatewayOptions = (bench: Bench, profile: Profile): GatewayOptions => ({
  core: bench.cores.proxy,
  folder: bench.folder,
  profile,
  upstreamPort: bench.upstream.port,
  program: bench.program,
});

/** Each era gets a process of its own, so that neither is measured with code that the other has shaped. */
const GATEWAYS = [
  { key: 'bare', profile: 'bare', era: 'modern' },
  { key: 'secure', profile: 'secure', era: 'modern' },
  { key: 'bareLegacy', profile: 'bare', era: 'legacy' },
  { key: 'secureLegacy', profile: 'secure', era: 'legacy' },
  { key: 'toLegacy', profile: 'to-legacy', era: 'modern' },
  { key: 'toModern', profile: 'to-modern', era: 'legacy' },
  { key: 'api', profile: 'api', era: 'modern' },
  { key: 'apiOf500', profile: 'api-of-500', era: 'modern' },
] as const;

const gatewaysWanted = ({ only }: BenchOptions) => GATEWAYS.filter(({ key }) => only.has(key));

const startGateways = async (bench: Bench, stack: AsyncDisposableStack): Promise<readonly Target[]> => {
  const targets: Target[] = [];
  for (const { key, profile, era } of gatewaysWanted(bench.options)) {
    const gateway = stack.use(await startGateway(gatewayOptions(bench, profile)));
    if (profile === 'secure') await assertSecure(gateway);
    await assertMetrics(gateway);
    targets.push({ name: NAMES[key], era, port: gateway.port, token: gateway.token, pids: [gateway.pid] });
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
    else targets.push(stack.use(await startNginx(cores.proxy, folder, upstream.port)));
  }
  if (only.has('floor')) {
    const floor = stack.use(await startProgram(cores.proxy, 'floor.ts', [String(upstream.port)]));
    targets.push({ name: NAMES.floor, port: floor.port, era: 'modern', pids: [floor.pid] });
  }
  return targets;
};

const measureTraffic = async (bench: Bench): Promise<Samples> => {
  const { options, cores, upstream } = bench;
  await using stack = new AsyncDisposableStack();
  const targets = [...(await startReferences(bench, stack)), ...(await startGateways(bench, stack))];
  const load = stack.use(startLoad(cores.load));
  return await runRounds(load, targets, { ...options, upstreamPid: upstream.pid }, (round) =>
    tell(`round ${round} of ${options.rounds}`),
  );
};

const measureTheLists = async (bench: Bench): Promise<Lists | undefined> => {
  const { listRounds } = bench.options;
  if (listRounds === 0 || gatewaysWanted(bench.options).length === 0) return undefined;
  tell(`listing ${listRounds} times over`);
  return await measureLists(gatewayOptions(bench, 'lists'), listRounds);
};

const measureIdle = async ({
  options,
  cores,
  folder,
  program,
}: Bench): Promise<Subscriptions | undefined> => {
  const count = options.subscriptions;
  if (count === 0 || gatewaysWanted(options).length === 0) return undefined;
  tell(`opening ${count} subscriptions`);
  return await measureSubscriptions(cores, { folder, program }, count);
};

const measure = async (options: BenchOptions): Promise<Report> => {
  const cores = chooseCores();
  const program = gatewayProgram();
  const withGateway = gatewaysWanted(options).length > 0;
  if (withGateway && (await isStale(program)))
    tell(`warning: ${program} is older than the sources: npm run build`);
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
  const bench = { options, cores, folder, upstream, program };
  let startUp: StartUp | undefined;
  if (withGateway && options.starts > 0) {
    tell(`starting ${program} ${options.starts} times`);
    startUp = await measureStartUp(gatewayOptions(bench, 'bare'), options.starts);
  }
  const subscriptions = await measureIdle(bench);
  const samples = await measureTraffic(bench);
  const lists = await measureTheLists(bench);
  const judgements = judge(samples, startUp, options.margin, lists, subscriptions);
  const machine = describeMachine();
  return { options, machine, program, samples, startUp, lists, subscriptions, judgements };
};

const run = async (args: readonly string[]): Promise<number> => {
  let options: BenchOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    tell(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const report = await measure(options);
  console.log(`${report.machine}\n\n${resultText(report)}`);
  if (options.write) {
    const page = reportPage(report, new Date().toISOString().slice(0, 10));
    await writeFile(packageFile('docs/performance.md'), page);
  }
  return report.judgements.every(({ passed }) => passed) ? 0 : 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  tell(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
