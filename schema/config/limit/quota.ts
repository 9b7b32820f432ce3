/** `limits.*` of type `quota`. */
import { type Static, Type } from 'typebox';
import { cel, closed, listOf, optional, pattern, quota } from '../value.ts';
import { Cost } from './cost.ts';

export const QuotaLimit = closed(
  {
    type: Type.Literal('quota', { description: 'An exact number of calls per window of time and key.' }),
    quota: quota({
      description:
        'How many, and in what window: `100/m`, `1000/d`, `100000/30d`. Windows follow one another without a gap from 1970-01-01T00:00:00Z on, so that those of a day begin at midnight UTC. What was counted survives a reload, a change of the number included; a restart only where `state` has a store.',
      examples: ['100000/30d'],
    }),
    key: optional(
      listOf(
        cel('call', 'any', {
          description:
            'A CEL expression, without `result`. Callers choose their arguments: a key of `args` wants a limit by `principal.id` beside it. `client.address` by itself counts an IPv6 client by its /64, in which it moves at will.',
        }),
        {
          description: 'What is counted apart. Empty: one count for all.',
          default: ['principal.id'],
          examples: [['principal.tenant']],
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
  { description: 'Calls per window and key, exactly.' },
);

export type QuotaLimit = Static<typeof QuotaLimit>;
