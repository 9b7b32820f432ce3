/** The manual of `gatewright keys`. */
import type { CommandManual } from './manual.ts';

export const KEYS = {
  usage: 'add|list|rotate <id>|revoke <id>',
  summary: 'manage API keys',
  about: [
    '`add` makes a key for servers and prints it once; only its hash is kept. `rotate` adds a successor and lets the old key end after an overlap. `revoke` removes a key, and with `--gateway` has running gateways refuse it at once, before they see the file; their operations listener has to serve `revoke`, and is asked with the bearer token in `GATEWRIGHT_TOKEN`, if there is one; a new key of the same id is refused there as well, until the revocation is lifted. `list` shows them without secrets.',
  ],
  options: {
    file: { type: 'string', default: 'keys.yaml', value: 'path', does: 'the file that keeps the keys' },
    server: { type: 'string', multiple: true, value: 'name', does: '`add`: a server that the key opens' },
    role: { type: 'string', multiple: true, value: 'name', does: '`add`: a role of its holder' },
    tenant: { type: 'string', value: 'name', does: '`add`: the tenant of its holder' },
    id: { type: 'string', value: 'id', does: '`add`: what the key is called' },
    expires: { type: 'string', value: '90d|date', does: '`add`, `rotate`: when the new key ends' },
    overlap: {
      type: 'string',
      default: '24h',
      value: 'time',
      does: '`rotate`: how long the old key is still good',
    },
    gateway: {
      type: 'string',
      multiple: true,
      value: 'url',
      does: '`revoke`: the operations listener of a running gateway; one is enough of those that share a store',
    },
    identity: {
      type: 'string',
      value: 'name',
      does: '`revoke`: which identity of the gateway vouches for the key, where several could',
    },
    'new-id': { type: 'string', value: 'id', does: '`rotate`: what the new key is called' },
  },
  exits: {
    0: 'done',
    1: 'the keys are not such that it can be done',
    3: 'the file cannot be read or written, or a gateway not be told, or a bug',
  },
  examples: [
    { line: 'gatewright keys add --server engineering --expires 90d', does: 'a key for one server' },
    { line: 'gatewright keys rotate ci --overlap 1h', does: 'replace a key, with an hour to change over' },
    {
      line: 'gatewright keys revoke ci --gateway http://localhost:9090',
      does: 'end a key, at a running gateway at once',
    },
  ],
} as const satisfies CommandManual;
