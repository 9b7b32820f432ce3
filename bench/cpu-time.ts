/** What /proc tells of processes. Linux only. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Microseconds of user and system time in the text of /proc/<pid>/stat, all threads included. */
export const cpuUsOfStat = (stat: string, ticksPerSecond: number): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
};

/** Microseconds of user and system time that the processes have used since they began. */
export const cpuUs = (pids: readonly number[]): number =>
  pids.reduce(
    (sum, pid) => sum + cpuUsOfStat(readFileSync(`/proc/${pid}/stat`, 'utf8'), TICKS_PER_SECOND),
    0,
  );

/** What each thread of the process has started. Nothing where it has ended. */
const childrenOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter((child) => child !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
};

/** The process and its children, and theirs. */
export const processTree = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(processTree)];

/** Resident memory of the process in bytes. */
export const residentBytes = (pid: number): number => {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory`);
  return Number(kibibytes) * 1024;
};
