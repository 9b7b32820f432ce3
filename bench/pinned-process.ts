/** Processes held to one core, ended with whoever started them. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { processTree } from './cpu-time.ts';

const STOP_DEADLINE_MS = 10_000;
const live = new Set<ChildProcess>();

const endAll = (pids: readonly number[]): void => {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
};

process.on('exit', () => {
  for (const child of live) endAll(processTree(child.pid!));
});

/**
 * A running process. Disposing sends SIGTERM, waits for its end, and after 10 s sends SIGKILL; what it started and left
 * behind ends with it.
 */
export interface PinnedProcess extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
}

/** One core, or some. */
export type CoreList = number | readonly number[];

/** Starts `command` on `core` by taskset, which becomes the command: the pid is the command's own. */
export const startPinned = (
  core: CoreList,
  command: readonly string[],
  stdio: StdioOptions,
): PinnedProcess => {
  const child = spawn('taskset', ['--cpu-list', String(core), ...command], { stdio });
  const { pid } = child;
  if (pid === undefined) throw new Error('taskset (package util-linux) cannot be started');
  live.add(child);
  const ended = once(child, 'exit').then(() => void live.delete(child));
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const started = processTree(pid).slice(1);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
    endAll(started);
  };
  return { pid, child, ended, [Symbol.asyncDispose]: stop };
};

/** The port that a process prints as its first line. Rejects if it ends without. */
export const printedPort = async ({ child, ended }: PinnedProcess): Promise<number> => {
  if (child.stdout === null) throw new Error('standard output is not piped');
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => [undefined]),
  ]);
  if (line === undefined) throw new Error(`${child.spawnargs.join(' ')} ended before it printed a port`);
  return Number(line);
};

/** The numbers of a list such as `0-2,5`. */
export const parseCoreList = (list: string): readonly number[] =>
  list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

export interface Cores {
  /** For the proxy under test, alone. */
  readonly proxy: number;
  /** For the load and the upstream. */
  readonly load: number;
  /** One more for a proxy of two threads, where there are enough to tell what the second adds. */
  readonly second: number | undefined;
}

/** So many cores leave two threads, load and upstream some of their own. */
export const CORES_FOR_TWO_THREADS = 6;

/** The first cores that this process may use. Throws if there is only one. */
export const chooseCores = (): Cores => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const all = parseCoreList(/^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '0');
  const [proxy, load] = all;
  if (proxy === undefined || load === undefined) throw new Error('the benchmark needs two cores');
  return { proxy, load, second: all.length >= CORES_FOR_TWO_THREADS ? all[2] : undefined };
};
