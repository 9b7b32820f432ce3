/** The gateways of npm that ours is measured beside: installed on demand, and started before the bench's upstream. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ENDPOINT_PATH, HUB_SERVER } from './call.ts';
import { openEventClient } from './event-endpoint.ts';
import { openSession } from './legacy-session.ts';
import { startPinned } from './pinned-process.ts';
import { stdioCommand } from './stdio-command.ts';
import { freePort, NODE_FLAGS } from './target.ts';

const PACKAGES = { 'mcp-proxy': '6.7.19', supergateway: '4.0.0', 'mcp-hub': '4.2.1' } as const;
const [STDIO_COMMAND = '', ...STDIO_ARGUMENTS] = stdioCommand();
const START_DEADLINE_MS = 60_000;
const POLL_MS = 200;
const HUB_FILE = 'mcp-hub.json';
const HUB_CONFIGURATION = {
  mcpServers: { [HUB_SERVER]: { command: STDIO_COMMAND, args: STDIO_ARGUMENTS } },
};

export type Package = keyof typeof PACKAGES;

/** Its name and version. */
export const titleOf = (name: Package): string => `${name} ${PACKAGES[name]}`;

/** How each is started before the same program over pipes. */
const COMMANDS: Readonly<Record<Package, (folder: string, port: number) => readonly string[]>> = {
  // It is to speak the callers' revision with the program, too.
  'mcp-proxy': (folder, port) => [
    join(folder, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs'),
    ...['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--upstreamProtocol', 'auto'],
    ...['--', STDIO_COMMAND, ...STDIO_ARGUMENTS],
  ],
  supergateway: (folder, port) => [
    join(folder, 'node_modules/supergateway/dist/index.js'),
    ...['--stdio', [STDIO_COMMAND, ...STDIO_ARGUMENTS].join(' '), '--outputTransport', 'streamableHttp'],
    ...['--stateful', '--logLevel', 'none', '--port', String(port)],
  ],
  'mcp-hub': (folder, port) => [
    join(folder, 'node_modules/mcp-hub/dist/cli.js'),
    ...['--port', String(port), '--config', join(folder, HUB_FILE)],
  ],
};

/** Installs all of them into the folder, unless they are there. */
export const installPackages = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, HUB_FILE), JSON.stringify(HUB_CONFIGURATION));
  if (existsSync(join(folder, 'node_modules/mcp-hub'))) return;
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefix', folder];
  const { status, stderr } = spawnSync('npm', ['install', ...options, ...names], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`they cannot be installed: ${stderr}`);
};

const untilItServes = async (name: Package, port: number): Promise<void> => {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (;;)
    try {
      if (name === 'mcp-hub') {
        const client = await openEventClient({ port, path: ENDPOINT_PATH }, 1);
        await client.call().finally(client.close);
      } else await openSession(port, undefined);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs)
        throw new Error(`${name} does not serve: ${(error as Error).message}`);
      await delay(POLL_MS);
    }
};

export interface RunningPackage extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts one on `core` and waits until it serves. */
export const startPackage = async (name: Package, core: number, folder: string): Promise<RunningPackage> => {
  const port = await freePort();
  // What they keep for their user lies in the folder, too.
  const command = ['env', `HOME=${folder}`, process.execPath, ...NODE_FLAGS, ...COMMANDS[name](folder, port)];
  const started = startPinned(core, command, 'ignore');
  await untilItServes(name, port);
  return { port, pid: started.pid, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
};
