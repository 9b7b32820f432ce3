/** `limits.*` of type `rate`. */
import { type Static, Type } from 'typebox';
import { closed, count, optional, rate } from '../value.ts';
import { Cost } from './cost.ts';
import { limitKey } from './key.ts';
import { limitedTools } from './limited-tools.ts';

export const RateLimit = closed(
  {
    type: Type.Literal('rate', { description: 'Calls per time and key (GCRA).' }),
    rate: rate({ description: 'Sustained rate.', examples: ['600/m'] }),
    burst: optional(count({ description: "Calls that may come at once; by default the rate's count." })),
    key: optional(limitKey(['principal.id', 'tool.name'])),
    cost: optional(Cost),
    tools: optional(limitedTools('Only calls of these tools count; every request if absent.')),
  },
  { description: 'Calls per time and key.' },
);

export type RateLimit = Static<typeof RateLimit>;
