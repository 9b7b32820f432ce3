/** What callers notice of reloads. */
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './figures.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { reloadedConfiguration, type Workers } from './gateway-configuration.ts';
import { startLoad } from './load-driver.ts';
import type { Cores } from './pinned-process.ts';

/** Medians over the rounds, each with a quiet window and one under reloads. */
export interface ReloadLatency {
  readonly workers: Workers;
  readonly quietP99Ms: number;
  readonly reloadingP99Ms: number;
  /** Reloads that were applied. */
  readonly reloads: number;
  /** Calls that were answered, each with the right answer. */
  readonly requests: number;
}

export interface ReloadLatencyOptions {
  readonly workers: Workers;
  readonly rounds: number;
  readonly windowMs: number;
  /** Calls a second, whatever becomes of those before. */
  readonly perSecond: number;
  readonly connections: number;
  readonly pauseMs: number;
}

/** Writes it at once, as a deployment does, and has it loaded. Rejects if it is not applied. */
export const reloadTo = async (
  gateway: Gateway,
  text: string,
): Promise<{ readonly durationMs: number; readonly compileMs: number }> => {
  await writeFile(`${gateway.file}.new`, text);
  await rename(`${gateway.file}.new`, gateway.file);
  const response = await fetch(`http://127.0.0.1:${gateway.opsPort}/-/reload`, { method: 'POST' });
  const body = await response.text();
  const told = JSON.parse(body);
  // What was written may have been seen and loaded already.
  if (told.result !== 'applied' && told.result !== 'unchanged')
    throw new Error(`a reload was answered ${response.status}: ${body}`);
  return told;
};

export const measureReloadLatency = async (
  cores: Cores,
  options: Omit<GatewayOptions, 'core' | 'profile'>,
  upstreamPid: number,
  { workers, rounds, windowMs, perSecond, connections, pauseMs }: ReloadLatencyOptions,
): Promise<ReloadLatency> => {
  const profile = workers === 1 ? 'reloaded-alone' : 'reloaded';
  await using gateway = await startGateway({ ...options, core: cores.proxy, profile });
  await using load = startLoad(cores.load);
  const job = {
    port: gateway.port,
    era: 'modern' as const,
    connections,
    perSecond,
    pids: [gateway.pid],
    upstreamPid,
    warmMs: 200,
    measureMs: windowMs,
  };
  let reloads = 0;
  let requests = 0;
  const quiet: number[] = [];
  const reloading: number[] = [];
  await load.run(job);
  for (let round = 0; round < rounds; round += 1) {
    const calm = await load.run(job);
    let isOver = false;
    const change = async (): Promise<void> => {
      while (!isOver) {
        reloads += 1;
        await reloadTo(gateway, reloadedConfiguration(gateway.ports, reloads, workers));
        await delay(pauseMs);
      }
    };
    const [busy] = await Promise.all([
      load.run(job).finally(() => {
        isOver = true;
      }),
      change(),
    ]);
    requests += calm.requests + busy.requests;
    quiet.push(calm.p99Ms);
    reloading.push(busy.p99Ms);
  }
  return { workers, quietP99Ms: median(quiet), reloadingP99Ms: median(reloading), reloads, requests };
};
