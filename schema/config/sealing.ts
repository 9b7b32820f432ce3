/** `sealing`: what the gateway hands out to be shown again. */
import type { Static } from 'typebox';
import { closed, listOf, optional, secret } from './value.ts';

/** A key shorter than this can be guessed. */
const MIN_KEY_BYTES = 32;

export const Sealing = closed(
  {
    keys: optional(
      listOf(
        secret({
          description: 'A secret of at least 32 bytes, for example from `openssl rand -base64 32`.',
          'x-min-bytes': MIN_KEY_BYTES,
        }),
        {
          description:
            'The first one seals, all of them open. To change keys, put the new one first and take the old one out ' +
            'once nothing that it sealed is in use. Absent: a key of the process, which dies with it.',
          default: [],
          maxItems: 16,
          examples: [['${file:/run/secrets/seal-1}', '${file:/run/secrets/seal-0}']],
        },
      ),
    ),
  },
  {
    description:
      'Keys for what clients are given to show again: session ids, cursors, request state. Sealed, so that nobody ' +
      'can read it, change it or show what was given to somebody else. Gateways with the same keys read what the others ' +
      'sealed; sessions and calls that wait for input live in one process all the same, so that clients must be led ' +
      'back to it. Threads of one process hand each other what they hold.',
    default: {},
  },
);

export type Sealing = Static<typeof Sealing>;
