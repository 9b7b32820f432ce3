/**
 * Imported into the gateway under test (`--import`), by each of its threads: looks every millisecond how long the thread
 * was busy without a pause. On SIGUSR2 all threads write the longest since the last time to the file that the query of
 * this module's URL names, the main thread first.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BroadcastChannel, isMainThread, threadId, threadName } from 'node:worker_threads';

/** The longest that one thread kept everybody waiting. */
export interface Stall {
  readonly thread: number;
  /** `serving` or `compile`, but of the main thread. */
  readonly name: string | null;
  /** On the clock: other processes on the same core count, too. */
  readonly wallMs: number;
  /** Of processor time. */
  readonly cpuMs: number;
}

const LOOK_MS = 1;
/** A busy machine may let a thread wait; one that has ended never answers. */
const ANSWER_MS = 5_000;
const others = new BroadcastChannel('stall-probe');
others.unref();

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

const started = { atMs: performance.now(), cpuMs: cpuMs() };
let last = started;
let longest = { wallMs: 0, cpuMs: 0 };

const look = (): void => {
  const now = { atMs: performance.now(), cpuMs: cpuMs() };
  longest = {
    wallMs: Math.max(longest.wallMs, now.atMs - last.atMs - LOOK_MS),
    cpuMs: Math.max(longest.cpuMs, now.cpuMs - last.cpuMs),
  };
  last = now;
};

const told = (): Stall => {
  look();
  const stall = { thread: threadId, name: threadName, ...longest };
  longest = { wallMs: 0, cpuMs: 0 };
  return stall;
};

setInterval(look, LOOK_MS).unref();

if (!isMainThread) {
  others.onmessage = ({ data }) => {
    if (data === 'tell') others.postMessage(told());
  };
  others.postMessage(threadId);
} else {
  const file = new URL(import.meta.url).searchParams.get('file')!;
  /** Threads that have begun and are not known to have ended. */
  const known = new Set<number>();
  let stalls: Stall[] = [];
  others.onmessage = ({ data }: { data: Stall | number }) => {
    if (typeof data === 'number') known.add(data);
    else stalls.push(data);
  };
  process.on('SIGUSR2', async () => {
    stalls = [told()];
    others.postMessage('tell');
    const deadlineMs = performance.now() + ANSWER_MS;
    while (stalls.length <= known.size && performance.now() < deadlineMs) await delay(LOOK_MS);
    for (const id of known) if (!stalls.some(({ thread }) => thread === id)) known.delete(id);
    writeFileSync(`${file}.new`, JSON.stringify(stalls));
    renameSync(`${file}.new`, file);
  });
}
