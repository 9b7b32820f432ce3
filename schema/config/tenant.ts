/** `tenants.*`: limits that callers share because of whom they work for. */
import type { Static } from 'typebox';
import { cel, closed, listOf, nameOf } from './value.ts';

export const Tenant = closed(
  {
    match: cel('call', 'bool', {
      description:
        'Whose calls are of this tenant, as a CEL condition. A call for which it has no value is of another; a call may be of several.',
      examples: ["principal.claims.org_id == 'acme'"],
    }),
    limits: listOf(nameOf('limits', { description: 'A name in `limits`; none of type `bounds`.' }), {
      description:
        'Limits on its calls on every server, besides those of the server. Each tenant is counted apart, whatever the key of the limit: with `key: []` a tenant has one count for all its callers.',
      minItems: 1,
    }),
  },
  { description: 'Calls of one tenant.' },
);

export type Tenant = Static<typeof Tenant>;
