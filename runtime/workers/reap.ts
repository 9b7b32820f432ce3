/**
 * Children of threads that are over. Node.js waits for those of threads that run, and for no others: dead, they would
 * stay in the table of processes for as long as the gateway runs.
 */
import { libc } from '../libc.ts';

/** As of POSIX: the child's pid once it is dead, 0 before, -1 where there is no such child. */
type WaitPid = (pid: number, status: bigint, options: number) => number;

const WNOHANG = 1;
const FIRST_LOOK_MS = 10;
const MAX_LOOK_MS = 1_000;

const openWaitPid = (): WaitPid | undefined =>
  libc({ waitpid: { arguments: ['i32', 'pointer', 'i32'], return: 'i32' } })?.waitpid;

let opened: { readonly waitpid: WaitPid | undefined } | undefined;

const isThere = (waitpid: WaitPid, pid: number): boolean => {
  try {
    return waitpid(pid, 0n, WNOHANG) === 0;
  } catch {
    return false;
  }
};

const look = (waitpid: WaitPid, pids: readonly number[], afterMs: number): void => {
  const left = pids.filter((pid) => isThere(waitpid, pid));
  if (left.length === 0) return;
  const nextMs = Math.min(2 * afterMs, MAX_LOOK_MS);
  setTimeout(() => look(waitpid, left, nextMs), afterMs).unref();
};

/** Waits in the background for children that were killed, and that nobody else waits for any more. */
export const reap = (pids: readonly number[]): void => {
  if (pids.length === 0) return;
  opened ??= { waitpid: openWaitPid() };
  if (opened.waitpid !== undefined) look(opened.waitpid, pids, FIRST_LOOK_MS);
};
