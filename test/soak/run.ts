/**
 * `npm run soak -- [--seconds 600] [--seed n] [--faults 'thread killed,…']`: a gateway with clients of all kinds, while upstreams, children,
 * threads, the store, the disk and the clock fail. Every call has to be answered, or refused by a code, in time; what
 * no fault concerns must not feel any; and afterwards the gateway holds as much as before. Exit code 1 otherwise.
 */
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../support/free-port.ts';
import type { World } from './caller.ts';
import { configurationText, type Surroundings, WORKERS } from './configuration.ts';
import { Crowd, unanswered } from './crowd.ts';
import { Disk } from './disk.ts';
import { Driver } from './driver.ts';
import type { FaultName } from './fault-names.ts';
import { FAULTS, type Victims } from './faults.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Amounts, leaksIn, settle } from './leaks.ts';
import { seeded } from './random.ts';
import { planFaults } from './schedule.ts';
import { isStoreMissing, Store } from './store.ts';
import { summary } from './summary.ts';
import { Tally } from './tally.ts';
import { UpstreamProcess } from './upstream-process.ts';

const CALM_SHARE = 0.2;
const MAX_CALM_MS = 30_000;
const SETTLE_MS = 6_000;
const SETTLE_DEADLINE_MS = 40_000;
const RECOVERY_MS = 20_000;
const QUIET_DEADLINE_MS = 40_000;
const POLL_MS = 500;
const END_MS = 12_000;

const tell = (line: string): void => console.error(line);

/** Of the faults that are wanted, those that this machine lets be done. */
const possibleFaults = (
  { gateway, store, disk }: Victims,
  wanted: readonly FaultName[],
): readonly FaultName[] => {
  const missing: Partial<Record<FaultName, string>> = {
    ...(store === undefined ? { 'store stopped': 'no redis-server', 'store halted': 'no redis-server' } : {}),
    ...(disk.canBeFull ? {} : { 'disk full': 'a tmpfs cannot be mounted: not root' }),
    ...(gateway.canJump ? {} : { 'clock jump': 'no libfaketime' }),
  };
  for (const [fault, why] of Object.entries(missing)) tell(`left out: ${fault} (${why})`);
  return wanted.filter((fault) => missing[fault] === undefined);
};

interface Soak {
  readonly victims: Victims;
  readonly tally: Tally;
  readonly driver: Driver;
  readonly around: Surroundings;
  readonly seed: number;
}

const worldOf = (soak: Soak, salt: number): World & Disposable => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    url: (server) => `http://127.0.0.1:${soak.around.port}/${server}`,
    agent,
    random: seeded(soak.seed + salt),
    [Symbol.dispose]: () => agent.destroy(),
  };
};

/** Clients call for so long; meanwhile `meanwhile` is done. */
const withCrowd = async (soak: Soak, salt: number, meanwhile: () => Promise<void>): Promise<void> => {
  using world = worldOf(soak, salt);
  const crowd = new Crowd(world, soak.tally);
  try {
    await meanwhile();
  } finally {
    await crowd.stop();
  }
};

/** After the faults: all works again, within a time. */
const expectRecovery = async (soak: Soak): Promise<void> => {
  const { gateway } = soak.victims;
  const { status, text } = await gateway.reload();
  if (status !== 200) soak.tally.fail(`the last reload was answered ${status}: ${text}`);
  using world = worldOf(soak, 3);
  for (const missing of await unanswered(world, RECOVERY_MS)) soak.tally.fail(`not back: ${missing}`);
  const deadlineMs = performance.now() + RECOVERY_MS;
  let running = 0;
  while (running !== WORKERS && performance.now() < deadlineMs) {
    running = (await gateway.status()).workers.running;
    if (running !== WORKERS) await delay(POLL_MS);
  }
  if (running !== WORKERS) soak.tally.fail(`${running} threads serve`);
};

/** Once nobody calls any more, no call is in flight after a while, and no session open. */
const expectQuiet = async ({ victims: { gateway }, tally }: Soak): Promise<void> => {
  const deadlineMs = performance.now() + QUIET_DEADLINE_MS;
  for (;;) {
    const { upstreams, sessions } = await gateway.status();
    const busy = Object.entries<{ inFlight: number }>(upstreams).filter(([, { inFlight }]) => inFlight > 0);
    if (busy.length === 0 && sessions === 0) return;
    if (performance.now() > deadlineMs) {
      tally.fail(`still open: ${sessions} sessions, calls of ${JSON.stringify(busy)}`);
      return;
    }
    await delay(POLL_MS);
  }
};

const soakFor = async (soak: Soak, lengthMs: number): Promise<{ before: Amounts; after: Amounts }> => {
  const { gateway } = soak.victims;
  const calmMs = Math.min(lengthMs * CALM_SHARE, MAX_CALM_MS);
  tell(`calm for ${(calmMs / 1000).toFixed(0)} s`);
  await withCrowd(soak, 1, () => delay(calmMs));
  const before = await settle(gateway, undefined, SETTLE_MS);
  tell(`faults for ${((lengthMs - calmMs) / 1000).toFixed(0)} s`);
  await withCrowd(soak, 2, () => soak.driver.run());
  await expectRecovery(soak);
  tell('settling');
  await expectQuiet(soak);
  // As long a rest as before: connections that end meanwhile are not counted.
  await delay(SETTLE_MS);
  const after = await settle(gateway, before, SETTLE_DEADLINE_MS);
  for (const leak of leaksIn(before, after))
    soak.tally.fail(`${leak} grew from ${before[leak]} to ${after[leak]}`);
  return { before, after };
};

const writeAtOnce = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
};

const run = async (seed: number, lengthMs: number, wanted: readonly FaultName[]): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-soak-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [configurationFolder, clockFolder, storeFolder] = ['configuration', 'clock', 'store'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await Promise.all([mkdir(configurationFolder), mkdir(clockFolder), mkdir(storeFolder)]);
  const disk = stack.use(await Disk.mount(join(folder, 'disk')));
  const store = isStoreMissing() ? undefined : stack.use(await Store.start(storeFolder));
  const steady = stack.use(await UpstreamProcess.start('modern'));
  const shaky = stack.use(await UpstreamProcess.start('modern'));
  const asking = stack.use(await UpstreamProcess.start('asking'));
  const around = {
    port: await freePort(),
    opsPort: await freePort(),
    steadyUrl: steady.url,
    shakyUrl: shaky.url,
    askingUrl: asking.url,
    storePort: store?.port,
    takenPort: steady.port,
  };
  const write: Victims['write'] = (variant) =>
    writeAtOnce(join(configurationFolder, 'gateway.yaml'), configurationText(around, variant));
  await write(0);
  const gateway = stack.use(
    await GatewayProcess.start({
      configurationFolder,
      stateFolder: disk.folder,
      clockFolder,
      opsPort: around.opsPort,
      workers: WORKERS,
    }),
  );
  const victims = { gateway, shaky, asking, store, disk, write };
  const faultsMs = lengthMs - Math.min(lengthMs * CALM_SHARE, MAX_CALM_MS);
  const plan = planFaults(seeded(seed), possibleFaults(victims, wanted), faultsMs);
  const tally: Tally = new Tally(() => driver.spells);
  const driver = new Driver({ plan, victims, random: seeded(seed + 4), tally, lengthMs: faultsMs });
  const { before, after } = await soakFor({ victims, tally, driver, around, seed }, lengthMs);
  const { code, tookMs } = await gateway.end();
  if (code !== 0) tally.fail(`after SIGTERM the exit code is ${code}`);
  if (tookMs > END_MS) tally.fail(`the end took ${tookMs.toFixed(0)} ms`);
  console.log(summary({ seed, lengthMs, tally, begun: driver.begun, before, after }));
  if (tally.failed === 0) return 0;
  const log = join(tmpdir(), `gatewright-soak-${seed}.log`);
  await copyFile(gateway.logFile, log);
  tell(
    `the gateway's log: ${log}; the same again: npm run soak -- --seconds ${lengthMs / 1000} --seed ${seed}`,
  );
  return 1;
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    faults: { type: 'string' },
  },
});
const [seed, lengthMs] = [Number(values.seed), Number(values.seconds) * 1_000];
const names = Object.keys(FAULTS) as FaultName[];
const wanted = names.filter((name) => values.faults?.split(',').includes(name) ?? true);
if (!Number.isInteger(seed) || !(lengthMs >= 10_000))
  throw new Error('usage: npm run soak -- [--seconds <10 or more>] [--seed <number>] [--faults <names>]');
tell(`seed ${seed}`);
process.exitCode = await run(seed, lengthMs, wanted);
