/** `policies.*` of type `cel`. */
import { type Static, Type } from 'typebox';
import { cel, closed, optional } from '../value.ts';

export const CelPolicy = closed(
  {
    type: Type.Literal('cel', { description: 'One condition in CEL.' }),
    allow: optional(
      cel('call', 'bool', { description: 'A call passes when this is true. Either this or `deny`.' }),
    ),
    deny: optional(
      cel('call', 'bool', { description: 'A call is denied when this is true. Either this or `allow`.' }),
    ),
    because: optional(
      Type.String({ description: 'Told to a caller whose arguments were the reason.', maxLength: 300 }),
    ),
  },
  {
    description:
      'One condition in CEL, in which 64 brackets and choices (`a ? b : c`) may nest, and 256 operations.',
  },
);

export type CelPolicy = Static<typeof CelPolicy>;
