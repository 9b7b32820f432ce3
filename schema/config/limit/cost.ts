/** `cost` of limits that count: what a request of each method takes. */
import { Type } from 'typebox';

/** The most that one request may cost. */
export const MAX_COST = 1_000_000;

export const Cost = Type.Record(
  Type.String({ pattern: '^(\\*|[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*)$' }),
  Type.Integer({ minimum: 0, maximum: MAX_COST }),
  {
    description:
      'What a request takes of the limit, by its method; `*` for all that are not named. 1 if absent. What costs 0 is not limited.',
    examples: [{ 'tools/list': 0, 'tools/call': 5 }],
    additionalProperties: false,
  },
);
