/** `workers`: how many threads take traffic. */
import { Type } from 'typebox';
import { oneOf } from './value.ts';

/** More threads than any machine of ours has cores. */
const MAX_WORKERS = 128;

export const Workers = Type.Union(
  [
    oneOf(['auto'], { description: 'As many as the machine has cores for it.' }),
    Type.Integer({ minimum: 1, maximum: MAX_WORKERS, description: 'So many.' }),
  ],
  {
    description:
      'Threads that take traffic, all at the same addresses. Limits and breakers are counted over all of them. A change needs a restart.',
    default: 1,
    examples: ['auto', 4],
  },
);
