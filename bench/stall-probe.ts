/**
 * Imported into the gateway under test (`--import`), by each of its threads: looks every millisecond how long the thread
 * was busy without a pause. On SIGUSR2 all threads write the longest since the last time to the file that the query of
 * this module's URL names, the main thread first.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/** The longest that one thread kept everybody waiting. */
export interface Stall {
  readonly thread: number;
  /** On the clock: other processes on the same core count, too. */
  readonly wallMs: number;
  /** Of processor time. */
  readonly cpuMs: number;
}

const LOOK_MS = 1;
const ANSWER_MS = 100;
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
  const stall = { thread: threadId, ...longest };
  longest = { wallMs: 0, cpuMs: 0 };
  return stall;
};

setInterval(look, LOOK_MS).unref();

if (!isMainThread)
  others.onmessage = ({ data }) => {
    if (data === 'tell') others.postMessage(told());
  };
else {
  const file = new URL(import.meta.url).searchParams.get('file')!;
  process.on('SIGUSR2', () => {
    const stalls = [told()];
    others.onmessage = ({ data }) => void stalls.push(data);
    others.postMessage('tell');
    setTimeout(() => {
      others.onmessage = null;
      writeFileSync(`${file}.new`, JSON.stringify(stalls));
      renameSync(`${file}.new`, file);
    }, ANSWER_MS).unref();
  });
}
