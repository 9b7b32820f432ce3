/** GW7xxx: `gateway.lock`, and the configuration beside it. */
import { entry } from '../entry.ts';

const LOCK_ANEW = 'write it anew with `gatewright lock`, and review what changes';

export const LOCK = {
  GW7000: entry<{ problem: string }>({
    severity: 'error',
    title: 'Not a lock',
    message: ({ problem }) => `this is not a lock: ${problem}`,
    help: () => [LOCK_ANEW],
  }),
  GW7001: entry<{ version: string; known: number }>({
    severity: 'error',
    title: 'Version of the lock that is not read',
    message: ({ version }) => `version \`${version}\` of the lock is not read`,
    help: ({ known }) => [`version ${known} is read: ${LOCK_ANEW}`],
  }),
  GW7002: entry<{ what: string; sha256: string }>({
    severity: 'error',
    title: 'Hash of the lock that does not match',
    message: ({ what }) => `the hash of ${what} is not that of what is locked`,
    label: ({ sha256 }) => `what is locked has \`${sha256.slice(0, 12)}…\``,
    help: () => [LOCK_ANEW],
    note: () => ['a definition that was changed in the lock was approved of by nobody who saw the upstream'],
  }),
  GW7003: entry<object>({
    severity: 'error',
    title: 'Lock that was edited',
    message: () => 'the lock is not as `gatewright lock` writes it',
    label: () => 'here it differs',
    help: () => [LOCK_ANEW],
    note: () => [
      'one way of writing it leaves no room for keys that are given twice and for hidden characters',
    ],
  }),
  GW7004: entry<{ name: string }>({
    severity: 'warning',
    title: 'Locked upstream that is not there',
    message: ({ name }) => `the lock has upstream \`${name}\`, the configuration does not`,
    help: () => ['`gatewright lock` takes it out of the lock'],
  }),
};
