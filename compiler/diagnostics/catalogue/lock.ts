/** GW7xxx: `gateway.lock`, and the configuration beside it. */
import { counted, didYouMean, entry } from '../entry.ts';

const LOCK_ANEW = 'write it anew with `gatewright lock`, and review what changes';

const NOT_LOCKED = '`gatewright lock` takes in what the upstream offers now';

interface NotLocked {
  readonly name: string;
  readonly kind: 'tool' | 'prompt';
  readonly upstream: string;
  readonly nearest: string | undefined;
}

const MANY = 3;

const someOf = (names: readonly string[]): string => {
  const shown = names
    .slice(0, MANY)
    .map((name) => `\`${name}\``)
    .join(', ');
  return names.length > MANY ? `${shown} and ${counted(names.length - MANY, 'other')}` : shown;
};

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
  GW7005: entry<{ name: string }>({
    severity: 'error',
    title: 'Pinned upstream that is not locked',
    message: ({ name }) => `upstream \`${name}\` is pinned, and the lock does not have it`,
    help: ({ name }) => [`\`gatewright lock --upstream ${name}\` locks what it offers; review that`],
    note: () => ['it could offer nothing'],
  }),
  GW7006: entry<{ name: string; tools: readonly string[] }>({
    severity: 'warning',
    title: 'Generated tools that are not locked',
    message: ({ name, tools }) =>
      `${counted(tools.length, 'tool')} of upstream \`${name}\` ${tools.length === 1 ? 'is' : 'are'} hidden: ${someOf(tools)}`,
    help: ({ name }) => [`\`gatewright lock --upstream ${name}\` takes in what its document says now`],
    note: () => ['it is pinned, and the lock does not have them, or has them otherwise'],
  }),
  GW7010: entry<NotLocked>({
    severity: 'error',
    title: 'Nothing locked is allowed by this',
    message: ({ name, kind, upstream }) =>
      `no locked ${kind} of upstream \`${upstream}\` matches \`${name}\``,
    help: ({ nearest }) => [didYouMean(nearest), NOT_LOCKED],
  }),
  GW7011: entry<NotLocked>({
    severity: 'error',
    title: 'Rename of what is not locked',
    message: ({ name, kind, upstream }) =>
      `upstream \`${upstream}\` has no locked ${kind} \`${name}\` to rename`,
    help: ({ nearest }) => [didYouMean(nearest), NOT_LOCKED],
  }),
  GW7012: entry<{ kind: 'tool' | 'prompt'; names: readonly string[]; one: string; other: string }>({
    severity: 'error',
    title: 'Locked names that clash',
    message: ({ kind, names, one, other }) =>
      `upstreams \`${one}\` and \`${other}\` both give the ${names.length === 1 ? `${kind} name` : `${kind} names`} ${someOf(names)}`,
    label: () => 'given again by this one',
    help: () => ['give one of the two a `prefix`, rename, or leave them out with `allow`'],
    note: () => ['the first would have the name, and nobody could call the other'],
  }),
  GW7013: entry<{ name: string; nearest: string | undefined }>({
    severity: 'error',
    title: 'Permission for what is not exposed',
    message: ({ name }) => `nothing that a server with this policy exposes matches \`${name}\``,
    help: ({ nearest }) => [didYouMean(nearest), NOT_LOCKED],
    note: () => ['policies see the exposed names: with the prefix, or as renamed'],
  }),
};
