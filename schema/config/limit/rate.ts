/** `limits.*` of type `rate`. */
import { type Static, Type } from 'typebox';
import { cel, closed, count, listOf, optional, pattern, rate } from '../value.ts';
import { Cost } from './cost.ts';

export const RateLimit = closed(
  {
    type: Type.Literal('rate', { description: 'Calls per time and key (GCRA).' }),
    rate: rate({ description: 'Sustained rate.', examples: ['600/m'] }),
    burst: optional(count({ description: "Calls that may come at once; by default the rate's count." })),
    key: optional(
      listOf(
        cel('call', 'any', {
          description:
            'A CEL expression, without `result`. Callers choose their arguments: a key of `args` wants a limit by `principal.id` beside it. `client.address` by itself counts an IPv6 client by its /64, in which it moves at will.',
        }),
        {
          description: 'What is counted apart. Empty: one count for all.',
          default: ['principal.id'],
          examples: [['principal.id', 'tool.name']],
        },
      ),
    ),
    cost: optional(Cost),
    tools: optional(
      listOf(pattern({ description: 'A name or glob of exposed tools.' }), {
        description: 'Only calls of these tools count; every request if absent.',
        minItems: 1,
      }),
    ),
  },
  { description: 'Calls per time and key.' },
);

export type RateLimit = Static<typeof RateLimit>;
