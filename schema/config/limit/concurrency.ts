/** `limits.*` of type `concurrency`. */
import { type Static, Type } from 'typebox';
import { closed, count, duration, optional } from '../value.ts';
import { limitKey } from './key.ts';
import { limitedTools } from './limited-tools.ts';

export const ConcurrencyLimit = closed(
  {
    type: Type.Literal('concurrency', { description: 'How many calls may run at a time, by key.' }),
    max: count({
      description: 'So many calls of one key may be under way upstream.',
      maximum: 10_000,
      examples: [2],
    }),
    queue: optional(
      count({
        minimum: 0,
        maximum: 1000,
        description:
          'So many more of one key wait, in the order in which they came, but callers take turns: one that has many waiting holds up nobody else, and makes room for one that has fewer. 0: what is over `max` is refused at once.',
        default: 0,
        examples: [10],
      }),
    ),
    queueTimeout: optional(duration({ description: 'Who has waited so long is refused.', default: '10s' })),
    key: optional(limitKey(['tool.name'])),
    tools: optional(
      limitedTools(
        'Only calls of these tools; all that goes on to an upstream if absent, but for lists and what is asked of tasks.',
      ),
    ),
  },
  {
    description:
      'Calls at a time and key, exactly over all threads of a process and, with `state`, over all gateways that share it. A call has its place from when it goes upstream until it is answered or taken back; one that waits for input of a modern client has none.',
  },
);

export type ConcurrencyLimit = Static<typeof ConcurrencyLimit>;
