/** GW5xxx: what only the machine and the network can tell; found by `check --online`, never by a compile. */
import { counted, entry } from '../entry.ts';

export const ENVIRONMENT = {
  GW5000: entry<{ reference: string; reason: string }>({
    severity: 'error',
    title: 'Reference without a value here',
    message: ({ reference, reason }) => `\`${reference}\` has no value here: ${reason}`,
  }),
  GW5001: entry<{ host: string; reason: string }>({
    severity: 'error',
    title: 'Host that is not found',
    message: ({ host, reason }) => `host \`${host}\` is not found: ${reason}`,
  }),
  GW5002: entry<{ address: string; reason: string }>({
    severity: 'error',
    title: 'Address that nobody answers at',
    message: ({ address, reason }) => `\`${address}\` cannot be reached: ${reason}`,
  }),
  GW5003: entry<{ address: string; reason: string }>({
    severity: 'error',
    title: 'Certificate that is not good',
    message: ({ address, reason }) => `\`${address}\` cannot be trusted: ${reason}`,
  }),
  GW5004: entry<{ issuer: string; reason: string }>({
    severity: 'error',
    title: 'Keys of an issuer that cannot be had',
    message: ({ issuer, reason }) => `the keys of \`${issuer}\` cannot be had: ${reason}`,
  }),
  GW5005: entry<{ issuer: string; algorithms: readonly string[] }>({
    severity: 'error',
    title: 'Issuer without a key that fits',
    message: ({ issuer, algorithms }) =>
      `\`${issuer}\` publishes no key for ${algorithms.map((each) => `\`${each}\``).join(', ')}`,
    help: () => ['name in `algorithms` what the issuer signs with'],
    note: () => ['every token of it would be refused'],
  }),
  GW5006: entry<{ name: string; reason: string }>({
    severity: 'error',
    title: 'Upstream that does not answer as an MCP server',
    message: ({ name, reason }) => `upstream \`${name}\` does not answer: ${reason}`,
  }),
  GW5007: entry<{ name: string; changes: number; pinned: boolean }>({
    severity: 'warning',
    title: 'Upstream that offers something else than what is locked',
    message: ({ name, changes }) =>
      `upstream \`${name}\` offers something else than what is locked: ${counted(changes, 'difference')}`,
    help: ({ name }) => [
      '`gatewright lock --check` shows what differs',
      `\`gatewright lock --upstream ${name}\` takes it in`,
    ],
    note: ({ pinned }) => [pinned ? 'it is pinned: what differs is hidden' : undefined],
  }),
  GW5008: entry<{ address: string; reason: string }>({
    severity: 'warning',
    title: 'Address that cannot be bound here',
    message: ({ address, reason }) => `\`${address}\` cannot be bound here: ${reason}`,
  }),
};
