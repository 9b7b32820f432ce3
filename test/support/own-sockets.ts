/** What the kernel says of the sockets of this process alone: other tests run beside. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export const inodesOfOwnSockets = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });

/** Names in the abstract namespace that sockets of this process are bound to, without the `@` that stands for NUL. */
export const ownAbstractSockets = (): readonly string[] => {
  const own = new Set(inodesOfOwnSockets());
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , inode, path]) => own.has(inode!) && path?.startsWith('@'))
    .map(([, , , , , , , path]) => path!.slice(1));
};
