/** `state`: what several gateways that serve the same configuration share. */
import { type Static, Type } from 'typebox';
import { bindAddress, closed, duration, oneOf, optional, peerAddress, secret, storeUrl } from './value.ts';

const Peers = closed(
  {
    bind: bindAddress({
      description:
        'Where this gateway takes what others hand over: an address and a port of the network that they share, which no listener has.',
      examples: ['10.0.0.5:7946', '0.0.0.0:7946'],
    }),
    advertise: optional(
      peerAddress({
        description:
          'Where others reach that, as `host:port`, if it is not what `bind` says: the address of the pod, for instance.',
        examples: ['${env:POD_IP}:7946', 'edge-1.internal:7946'],
      }),
    ),
  },
  {
    description:
      'Has gateways hand requests to the one that holds what they go on with: sessions of legacy clients, their streams, and calls that wait for input. So a load balancer needs no affinity. What they say to each other is encrypted, and open to nobody who does not have the `sealing.keys`, of which all need the same.',
  },
);

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
    peers: optional(Peers),
  },
  {
    description:
      'A store that the gateways of one configuration share: rate limits, quotas, limits on calls at a time, and what may be used once, hold over all of them; with `peers`, sessions too. Without it each gateway counts for itself. A change needs a restart.',
  },
);

export type State = Static<typeof State>;
