/** How long threads are kept busy without a pause while thousands of nodes are compiled, prepared and swapped. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cpuUs } from './cpu-time.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { growingConfiguration, largeReloadedConfiguration, type Workers } from './gateway-configuration.ts';
import { reloadTo } from './reload-latency.ts';
import type { Stall } from './stall-probe.ts';

/** What is another: one upstream, all of them, or everything, for a small file names a large one that it did not name. */
export type Differs = 'one' | 'all' | 'grown';

export const DIFFERS: readonly Differs[] = ['one', 'all', 'grown'];

/** One reload to the large configuration. */
export interface LargeReload {
  readonly workers: Workers;
  readonly differs: Differs;
  readonly compileMs: number;
  /** From the end of the compile until all threads serve the new graph. */
  readonly bringMs: number;
  /** The longest that a serving thread was busy: on the clock, and of processor time. */
  readonly servingWallMs: number;
  readonly servingCpuMs: number;
  /** Processor time of all threads for it, less that of the compile. */
  readonly bringCpuMs: number;
  /** Processor time of the thread that compiles, in one go: that of the compile. */
  readonly compilingCpuMs: number;
}

const PROBE = pathToFileURL(fileURLToPath(new URL('stall-probe.ts', import.meta.url)));
const DEADLINE_MS = 10_000;
const POLL_MS = 20;
/** After a reload, for what is given up to be gone. */
const AFTER_MS = 500;

const stallsOf = async (pid: number, file: string): Promise<readonly Stall[]> => {
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!existsSync(file)) {
    if (performance.now() > deadlineMs) throw new Error('the gateway did not tell its stalls');
    await delay(POLL_MS);
  }
  return JSON.parse(await readFile(file, 'utf8'));
};

/** The text to reload to, once all that comes before it is done. */
const textOf = async (
  gateway: Gateway,
  variant: number,
  differs: Differs,
  workers: Workers,
): Promise<string> => {
  if (differs !== 'grown') return largeReloadedConfiguration(gateway.ports, variant, differs, workers);
  const { small, grown, named, text } = growingConfiguration(gateway.ports, workers);
  await writeFile(join(dirname(gateway.file), named), text);
  await reloadTo(gateway, small);
  await delay(AFTER_MS);
  return grown;
};

const reloadOnce = async (
  gateway: Gateway,
  file: string,
  variant: number,
  differs: Differs,
  workers: Workers,
): Promise<LargeReload> => {
  const text = await textOf(gateway, variant, differs, workers);
  await stallsOf(gateway.pid, file);
  const startUs = cpuUs([gateway.pid]);
  const { durationMs, compileMs } = await reloadTo(gateway, text);
  const tookMs = (cpuUs([gateway.pid]) - startUs) / 1e3;
  await delay(AFTER_MS);
  const stalls = await stallsOf(gateway.pid, file);
  const serving = stalls.filter(({ thread, name }) => (workers === 1 ? thread === 0 : name === 'serving'));
  const compilingCpuMs = stalls.find(({ name }) => name === 'compile')?.cpuMs ?? Number.NaN;
  if (serving.length !== workers) throw new Error(`${serving.length} threads told their stalls`);
  return {
    workers,
    differs,
    compileMs,
    bringMs: durationMs - compileMs,
    servingWallMs: Math.max(...serving.map(({ wallMs }) => wallMs)),
    servingCpuMs: Math.max(...serving.map(({ cpuMs }) => cpuMs)),
    bringCpuMs: tookMs - compilingCpuMs,
    compilingCpuMs,
  };
};

/** Reloads it `rounds` times in each way that it can differ. */
export const measureLargeReloads = async (
  options: Omit<GatewayOptions, 'profile'>,
  rounds: number,
  workers: Workers,
): Promise<readonly LargeReload[]> => {
  const file = join(options.folder, 'stalls.json');
  const probe = `--import=${PROBE.href}?file=${encodeURIComponent(file)}`;
  await using gateway = await startGateway({
    ...options,
    profile: workers === 1 ? 'large-alone' : 'large',
    nodeFlags: [...(options.nodeFlags ?? []), probe],
  });
  const reloads: LargeReload[] = [];
  for (let round = 1; round <= rounds; round += 1)
    for (const differs of DIFFERS) reloads.push(await reloadOnce(gateway, file, round, differs, workers));
  return reloads;
};
