/** What the key of a limit sees of a call. */
import type { CallFacts } from '../../schema/decision.ts';
import { CALL_ENVIRONMENT, type CelEnvironment, type CelGroup } from '../cel/environment.ts';
import { STRING } from '../cel/types.ts';
import { clientNetwork } from '../listen/client-key.ts';

const CLIENT = CALL_ENVIRONMENT.fields.get('client') as CelGroup<CallFacts>;

/**
 * As conditions do, but for `client.address`, which of an IPv6 client is its network: no expression yields two keys for
 * two addresses that one client moves between at will.
 */
export const KEY_ENVIRONMENT: CelEnvironment<CallFacts> = {
  ...CALL_ENVIRONMENT,
  fields: new Map([
    ...CALL_ENVIRONMENT.fields,
    [
      'client',
      {
        fields: new Map([
          ...CLIENT.fields,
          ['address', { type: STRING, read: ({ client }: CallFacts) => clientNetwork(client.address) }],
        ]),
      },
    ],
  ]),
};
