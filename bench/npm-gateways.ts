/**
 * `node bench/npm-gateways.ts [--packages <folder>] [--rounds <n>] [--write]`: what a call costs the gateways that npm
 * has, and ours with all that `secure` does. They are installed on demand into a folder of their own, in the versions
 * named here. `--write` keeps the figures in bench/npm-gateways.json, which docs/performance.md is written from.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { callRequest, HUB_SERVER, isRightAnswer } from './call.ts';
import { medianOf } from './figures.ts';
import { startGateway } from './gateway.ts';
import { gatewayProgram, packageFile } from './gateway-program.ts';
import { openSession } from './legacy-session.ts';
import { startLoad } from './load-driver.ts';
import { describeMachine } from './machine.ts';
import { NPM_FILE, type NpmFigures, npmTable, RATIO } from './npm-figures.ts';
import { chooseCores, startPinned } from './pinned-process.ts';
import { runRounds } from './rounds.ts';
import { freePort, startProgram, type Target } from './target.ts';

const PACKAGES = { 'mcp-proxy': '6.7.19', supergateway: '4.0.0', 'mcp-hub': '4.2.1' } as const;
const STDIO_UPSTREAM = packageFile('bench/stdio-upstream.ts');
/** Each session is a process of its own behind some of them. */
const CONNECTIONS = 8;
const START_DEADLINE_MS = 60_000;
const POLL_MS = 200;

type Package = keyof typeof PACKAGES;

/** How each is started before the same program over pipes. */
const COMMANDS: Readonly<Record<Package, (folder: string, port: number) => readonly string[]>> = {
  'mcp-proxy': (folder, port) => [
    join(folder, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs'),
    ...['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--'],
    ...[process.execPath, STDIO_UPSTREAM],
  ],
  supergateway: (folder, port) => [
    join(folder, 'node_modules/supergateway/dist/index.js'),
    ...['--stdio', `${process.execPath} ${STDIO_UPSTREAM}`, '--outputTransport', 'streamableHttp'],
    ...['--stateful', '--logLevel', 'none', '--port', String(port)],
  ],
  'mcp-hub': (folder, port) => [
    join(folder, 'node_modules/mcp-hub/dist/cli.js'),
    ...['--port', String(port), '--config', join(folder, HUB_FILE)],
  ],
};

const HUB_FILE = 'mcp-hub.json';
const HUB_CONFIGURATION = {
  mcpServers: { [HUB_SERVER]: { command: process.execPath, args: [STDIO_UPSTREAM] } },
};

const install = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, HUB_FILE), JSON.stringify(HUB_CONFIGURATION));
  if (existsSync(join(folder, 'node_modules/mcp-hub'))) return;
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefix', folder];
  const { status, stderr } = spawnSync('npm', ['install', ...options, ...names], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`they cannot be installed: ${stderr}`);
};

/** One call; rejects unless it is answered. */
const callHub = async (port: number): Promise<void> => {
  const request = callRequest('modern', 1, port, {}, 'hub').toString();
  const [head, body] = request.split('\r\n\r\n') as [string, string];
  const path = head.split(' ')[1];
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  const text = await response.text();
  if (!isRightAnswer(text, 1, 'hub')) throw new Error(`${response.status} ${text}`);
};

const untilItServes = async (name: string, port: number): Promise<void> => {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (;;)
    try {
      if (name === 'mcp-hub') await callHub(port);
      else await openSession(port, undefined);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs)
        throw new Error(`${name} does not serve: ${(error as Error).message}`);
      await delay(POLL_MS);
    }
};

const startPackage = async (
  name: Package,
  core: number,
  folder: string,
): Promise<Target & AsyncDisposable> => {
  const port = await freePort();
  // What they keep for their user lies in the folder, too.
  const command = ['env', `HOME=${folder}`, process.execPath, ...COMMANDS[name](folder, port)];
  const started = startPinned(core, command, 'ignore');
  await untilItServes(name, port);
  const version = PACKAGES[name];
  return {
    name: `${name} ${version}${name === 'mcp-hub' ? ', its own REST interface' : ''}, stdio behind`,
    port,
    // What mcp-hub is asked belongs to no era, and to no session.
    ...(name === 'mcp-hub' ? { era: 'modern', reply: 'hub' } : { era: 'legacy' }),
    pids: [started.pid],
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
};

const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: join(tmpdir(), 'gatewright-npm-gateways') },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});
await install(values.packages);
const folder = await mkdtemp(join(tmpdir(), 'gatewright-bench-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
const cores = chooseCores();
const upstream = stack.use(await startProgram(cores.load, 'upstream.ts'));
const targets: Target[] = [];
for (const [name, profile] of [
  ['gatewright secure, HTTP behind', 'secure'],
  ['gatewright secure, stdio behind', 'secure-stdio'],
] as const) {
  const options = {
    core: cores.proxy,
    folder,
    profile,
    upstreamPort: upstream.port,
    program: gatewayProgram(),
  };
  const { port, token, pid } = stack.use(await startGateway(options));
  targets.push({ name, port, token, era: 'legacy', pids: [pid] });
}
const composed = stack.use(await startProgram(cores.proxy, 'sdk-composed.ts', [String(upstream.port)]));
targets.push({
  name: 'SDK server and client, HTTP behind',
  port: composed.port,
  era: 'legacy',
  pids: [composed.pid],
});
for (const name of Object.keys(PACKAGES) as Package[])
  targets.push(stack.use(await startPackage(name, cores.proxy, values.packages)));
const load = stack.use(startLoad(cores.load));
const options = {
  rounds: Number(values.rounds),
  connections: CONNECTIONS,
  trainRequests: 4_000,
  warmMs: 200,
};
const samples = await runRounds(
  load,
  targets,
  { ...options, measureMs: 1_500, upstreamPid: upstream.pid },
  (round) => console.error(`round ${round} of ${options.rounds}`),
);
const figures: NpmFigures = {
  date: new Date().toISOString().slice(0, 10),
  machine: describeMachine(),
  cpuUsPerCall: Object.fromEntries(
    [...samples].map(([name, own]) => [name, medianOf(own, 'cpuUsPerRequest')]),
  ),
};
const { text, ratio } = npmTable(figures);
console.log(`${figures.machine}\n\n${text}`);
if (values.write) await writeFile(NPM_FILE, `${JSON.stringify(figures, undefined, 2)}\n`);
process.exitCode = ratio >= RATIO ? 0 : 1;
