/** `state`: what several gateways that serve the same configuration share. */
import { type Static, Type } from 'typebox';
import { closed, duration, oneOf, optional, secret, storeUrl } from './value.ts';

export const State = closed(
  {
    type: oneOf(['valkey'], { description: 'A Valkey or Redis server, of version 6.2 or newer.' }),
    url: storeUrl({
      description:
        'Where it is: `redis://host:port`, over TLS `rediss://host:port`, with the number of a database as its path if it is not 0. Credentials have fields of their own.',
      examples: ['rediss://valkey.internal:6379', 'redis://127.0.0.1:6379/1'],
    }),
    username: optional(
      Type.String({
        description: 'Who the gateway is to the server; its user `default` if absent.',
        minLength: 1,
      }),
    ),
    password: optional(
      secret({ description: 'The password of the user.', examples: ['${file:/run/secrets/valkey}'] }),
    ),
    prefix: optional(
      Type.String({
        pattern: '^[a-zA-Z0-9_.:-]{1,64}$',
        description:
          'What the names of all keys begin with. Gateways with the same prefix share what they count; different ones want different prefixes.',
        default: 'gatewright',
      }),
    ),
    timeout: optional(
      duration({
        description: 'The server is away for a request that it does not answer in this time.',
        default: '50ms',
      }),
    ),
    onUnavailable: optional(
      oneOf(['deny', 'local'], {
        description:
          'What becomes of a request while the server is away. `deny`: one that would be counted is refused with 503. `local`: each gateway counts for itself, so that together they let through more than the limit says.',
        default: 'deny',
      }),
    ),
  },
  {
    description:
      'A store that the gateways of one configuration share: rate limits, and what may be used once, hold over all of them. Without it each gateway counts for itself. A change needs a restart.',
  },
);

export type State = Static<typeof State>;
