/** What one idle subscription holds of the gateway's memory. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type GatewayOptions, startGateway } from './gateway.ts';
import type { HeldMemory } from './memory-probe.ts';
import { type Cores, startPinned } from './pinned-process.ts';
import type { SubscriberJob, SubscriberMessage } from './subscriber.ts';
import { startProgram } from './target.ts';

/** What was measured. */
export interface Subscriptions {
  readonly count: number;
  readonly principals: number;
  /** Growth of resident and of external memory, divided by `count`. */
  readonly residentBytesEach: number;
  readonly externalBytesEach: number;
  /** Streams that the gateway held at the upstream. */
  readonly upstreamStreams: number;
}

const SUBSCRIBER = fileURLToPath(new URL('subscriber.ts', import.meta.url));
const PROBE = pathToFileURL(fileURLToPath(new URL('memory-probe.ts', import.meta.url)));
/** Opened before the first measurement, so that all code has run and the young generation has its size. */
const WARM = 2_000;
/** Idle for so long V8 collects what it has put off. */
const SETTLE_MS = 12_000;
const PROBE_DEADLINE_MS = 20_000;

const startSubscriber = (core: number) => {
  const pinned = startPinned(core, [process.execPath, SUBSCRIBER], ['ignore', 'inherit', 'inherit', 'ipc']);
  const lost = pinned.ended.then((): never => {
    throw new Error('the subscriber ended');
  });
  lost.catch(() => {});
  const run = async (job: SubscriberJob): Promise<number> => {
    const answered = once(pinned.child, 'message');
    pinned.child.send(job);
    const [message] = (await Promise.race([answered, lost])) as [SubscriberMessage];
    if ('error' in message) throw new Error(message.error);
    return message.done;
  };
  return { run, [Symbol.asyncDispose]: () => pinned[Symbol.asyncDispose]() };
};

const heldBy = async (pid: number, file: string): Promise<HeldMemory> => {
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  const deadlineMs = performance.now() + PROBE_DEADLINE_MS;
  while (!existsSync(file)) {
    if (performance.now() > deadlineMs) throw new Error('the gateway did not tell what it holds');
    await delay(50);
  }
  return JSON.parse(await readFile(file, 'utf8'));
};

/**
 * Opens `count` subscriptions of as many connections, and measures what the gateway has grown by when all are
 * acknowledged and idle. Afterwards each must be told of a change, once. Rejects if one is refused or lost.
 */
export const measureSubscriptions = async (
  cores: Cores,
  options: Omit<GatewayOptions, 'core' | 'profile' | 'upstreamPort'>,
  count: number,
): Promise<Subscriptions> => {
  await using upstream = await startProgram(cores.load, 'change-upstream.ts');
  const file = join(options.folder, 'held.json');
  const probe = `--import=${PROBE.href}?file=${encodeURIComponent(file)}`;
  await using gateway = await startGateway({
    ...options,
    core: cores.proxy,
    profile: 'subscriptions',
    upstreamPort: upstream.port,
    nodeFlags: [...(options.nodeFlags ?? []), probe],
  });
  await using subscriber = startSubscriber(cores.load);
  const { tokens } = gateway;
  const job = { kind: 'open', port: gateway.port, tokens } as const;
  await subscriber.run({ ...job, count: WARM });
  await delay(SETTLE_MS);
  const before = await heldBy(gateway.pid, file);
  await subscriber.run({ ...job, count });
  await delay(SETTLE_MS);
  const after = await heldBy(gateway.pid, file);
  const change = await fetch(`http://127.0.0.1:${upstream.port}/change`, { method: 'POST' });
  const { streams } = (await change.json()) as { streams: number };
  const told = await subscriber.run({ kind: 'told' });
  if (told !== WARM + count)
    throw new Error(`${told} of ${WARM + count} subscriptions were told of a change`);
  return {
    count,
    principals: tokens.length,
    residentBytesEach: (after.residentBytes - before.residentBytes) / count,
    externalBytesEach: (after.externalBytes - before.externalBytes) / count,
    upstreamStreams: streams,
  };
};
