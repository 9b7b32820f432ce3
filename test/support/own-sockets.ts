/** What the kernel says of the sockets of one process alone, which is this one unless it is named: other tests run beside. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const inodesOfSockets = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });

/** Names in the abstract namespace that sockets of the process are bound to, without the `@` that stands for NUL. */
export const ownAbstractSockets = (pid = process.pid): readonly string[] => {
  const own = new Set(inodesOfSockets(pid));
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , inode, path]) => own.has(inode!) && path?.startsWith('@'))
    .map(([, , , , , , , path]) => path!.slice(1));
};

const LISTEN = '0A';

/** How many sockets of the process connections can come to over TCP. */
export const listeningSockets = (pid = process.pid): number => {
  const own = new Set(inodesOfSockets(pid));
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((table) => readFileSync(table, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTEN && own.has(inode!)).length;
};
