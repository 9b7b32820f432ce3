/**
 * `node scripts/bootstrap.mjs bench/npm-gateways.ts [--packages <folder>] [--rounds <n>] [--connections <n>] [--write]`:
 * what a call costs the gateways that npm has, and ours with all that `secure` does. They are installed on demand into
 * a folder of their own, in the versions named in npm-packages.ts. `--write` keeps the figures in
 * bench/npm-gateways.json and in docs/performance.md, whose other figures stay as they are.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { medianOf, ratioOf } from './figures.ts';
import { startGateway } from './gateway.ts';
import { gatewayProgram, packageFile } from './gateway-program.ts';
import { startLoad } from './load-driver.ts';
import { describeMachine } from './machine.ts';
import {
  type Behind,
  type Caller,
  type Contender,
  NPM_FILE,
  type NpmFigures,
  npmPassed,
  npmText,
} from './npm-figures.ts';
import { installPackages, startPackage, titleOf } from './npm-packages.ts';
import { npmSection, replaceNpmSection } from './npm-section.ts';
import { chooseCores } from './pinned-process.ts';
import { runRounds, type Samples } from './rounds.ts';
import { startProgram, type Target } from './target.ts';

const OURS = 'gatewright secure';

interface Driven extends Contender {
  readonly target: Omit<Target, 'name'>;
}

const nameOf = ({ name, caller, behind }: Contender): string => `${name}, ${caller}, ${behind}`;

/** Ours does the same work where the caller speaks no MCP, or a revision that is older still, as with one of 2025. */
const oursFor = (caller: Caller): Caller => (caller === '2026-07-28' ? caller : '2025-11-25');

const figuresOf = (driven: readonly Driven[], samples: Samples) =>
  driven.map(({ name, caller, behind }) => {
    const own = nameOf({ name, caller, behind });
    const cpuUsPerCall = medianOf(samples.get(own) ?? [], 'cpuUsPerRequest');
    if (name === OURS) return { name, caller, behind, cpuUsPerCall };
    const ours = nameOf({ name: OURS, caller: oursFor(caller), behind });
    const ratio = ratioOf(samples, own, ours, 'cpuUsPerRequest')?.median ?? Number.NaN;
    return { name, caller, behind, cpuUsPerCall, ratio };
  });

const eraOf = (caller: Caller): 'modern' | 'legacy' => (caller === '2026-07-28' ? 'modern' : 'legacy');

const CALLERS: readonly Caller[] = ['2026-07-28', '2025-11-25'];

/** Each era gets a process of its own, so that neither is measured with code that the other has shaped. */
const startOurs = async (stack: AsyncDisposableStack, core: number, folder: string, upstreamPort: number) => {
  const driven: Driven[] = [];
  for (const caller of CALLERS)
    for (const behind of ['HTTP', 'stdio'] as const satisfies readonly Behind[]) {
      const profile = behind === 'HTTP' ? 'secure' : 'secure-stdio';
      const options = { core, folder, profile, upstreamPort, program: gatewayProgram() } as const;
      const { port, token, pid } = stack.use(await startGateway(options));
      driven.push({ name: OURS, caller, behind, target: { port, token, era: eraOf(caller), pids: [pid] } });
    }
  return driven;
};

const startOthers = async (
  stack: AsyncDisposableStack,
  core: number,
  packages: string,
  upstreamPort: number,
) => {
  const driven: Driven[] = [];
  for (const caller of CALLERS) {
    const era = eraOf(caller);
    const program = era === 'modern' ? 'sdk-composed-modern.ts' : 'sdk-composed.ts';
    const composed = stack.use(await startProgram(core, program, [String(upstreamPort)]));
    const target = { port: composed.port, era, pids: [composed.pid] };
    driven.push({ name: 'SDK server and client', caller, behind: 'HTTP', target });
    for (const name of ['mcp-proxy', 'supergateway'] as const) {
      const { port, pid } = stack.use(await startPackage(name, core, packages));
      // It starts the program anew for each call.
      const isSlow = name === 'supergateway' && era === 'modern';
      driven.push({
        name: titleOf(name),
        caller,
        behind: 'stdio',
        target: { port, era, pids: [pid], isSlow },
      });
    }
  }
  const hub = stack.use(await startPackage('mcp-hub', core, packages));
  const target = { port: hub.port, era: 'modern', pids: [hub.pid] } as const;
  const name = titleOf('mcp-hub');
  driven.push({ name, caller: '2024-11-05', behind: 'stdio', target: { ...target, reply: 'events' } });
  driven.push({ name, caller: 'REST', behind: 'stdio', target: { ...target, reply: 'hub' } });
  return driven;
};

const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: join(tmpdir(), 'gatewright-npm-gateways') },
    rounds: { type: 'string', default: '9' },
    connections: { type: 'string', default: '64' },
    write: { type: 'boolean', default: false },
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
await installPackages(values.packages);
const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
const cores = chooseCores();
const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
const driven = [
  ...(await startOurs(stack, cores.proxy, folder, upstream.port)),
  ...(await startOthers(stack, cores.proxy, values.packages, upstream.port)),
];
const load = stack.use(startLoad(cores.load));
const targets = driven.map((each) => ({ ...each.target, name: nameOf(each) }));
const [rounds, connections] = [Number(values.rounds), Number(values.connections)];
const options = { rounds, connections, trainRequests: 20_000, warmMs: 200, measureMs: 1_500 };
const samples = await runRounds(load, targets, { ...options, upstreamPid: upstream.pid }, (round) =>
  console.error(`round ${round} of ${rounds}`),
);
const figures: NpmFigures = {
  date: new Date().toISOString().slice(0, 10),
  machine: describeMachine(),
  rounds,
  connections,
  rows: figuresOf(driven, samples),
};
console.log(`${figures.machine}\n\n${npmText(figures)}`);
if (values.write) {
  await writeFile(NPM_FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
  const page = packageFile('docs/performance.md');
  await writeFile(page, replaceNpmSection(await readFile(page, 'utf8'), npmSection(figures)));
}
process.exitCode = npmPassed(figures) ? 0 : 1;
