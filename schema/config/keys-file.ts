/** The file that an `api-key` identity names; `gatewright keys` writes it. */
import { type Static, Type } from 'typebox';
import { closed, dateTime, listOf, nameOf, optional } from './value.ts';

const Key = closed(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,62}$',
      description: 'The public part of the key, between `gw_` and the secret.',
      examples: ['k3v9'],
    }),
    hash: Type.String({
      pattern: '^[0-9a-fA-F]{64}$',
      description: "SHA-256 of the secret's text, hexadecimal. The secret itself is kept nowhere.",
    }),
    servers: listOf(nameOf('servers', { description: 'A name in `servers` of gateway.yaml.' }), {
      description: 'Servers that the key opens.',
      minItems: 1,
    }),
    roles: optional(
      listOf(Type.String({ minLength: 1, 'x-literal': true, description: 'A role.' }), {
        description: "The caller's roles, `principal.roles` in policies.",
        default: [],
      }),
    ),
    tenant: optional(Type.String({ description: "The caller's tenant.", default: '', 'x-literal': true })),
    notAfter: optional(
      dateTime({ description: 'When the key stops being valid.', examples: ['2027-06-30T23:59:59Z'] }),
    ),
  },
  { description: 'A key.' },
);

export const KeysFile = closed(
  { keys: listOf(Key, { description: 'The keys.' }) },
  { description: 'API keys. Only hashes are kept.' },
);

export type KeysFile = Static<typeof KeysFile>;
