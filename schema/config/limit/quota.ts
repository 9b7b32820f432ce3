/** `limits.*` of type `quota`. */
import { type Static, Type } from 'typebox';
import { closed, optional, quota } from '../value.ts';
import { Cost } from './cost.ts';
import { limitKey } from './key.ts';
import { limitedTools } from './limited-tools.ts';

export const QuotaLimit = closed(
  {
    type: Type.Literal('quota', { description: 'An exact number of calls per window of time and key.' }),
    quota: quota({
      description:
        'How many, and in what window: `100/m`, `1000/d`, `100000/30d`. Windows follow one another without a gap from 1970-01-01T00:00:00Z on, so that those of a day begin at midnight UTC. What was counted survives a reload, a change of the number included; a restart only where `state` has a store.',
      examples: ['100000/30d'],
    }),
    key: optional(limitKey(['principal.tenant'])),
    cost: optional(Cost),
    tools: optional(limitedTools('Only calls of these tools count; every request if absent.')),
  },
  { description: 'Calls per window and key, exactly.' },
);

export type QuotaLimit = Static<typeof QuotaLimit>;
