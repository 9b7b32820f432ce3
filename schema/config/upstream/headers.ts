/** `headers` towards whatever an upstream is. */
import { closed, headerName, listOf, optional, textsBy } from '../value.ts';
import { DeadlineHeader } from './traffic.ts';

export const headersTowards = (description: string) =>
  closed(
    {
      forward: optional(
        listOf(headerName({ description: 'A header name.' }), {
          description: 'Headers of the caller that are passed on; no other is.',
          default: [],
        }),
      ),
      set: optional(
        textsBy('^[A-Za-z0-9_.-]+$', {
          description: 'Headers added to every request.',
          examples: [{ 'x-env': 'prod' }],
        }),
      ),
      deadline: optional(DeadlineHeader),
    },
    { description, default: {} },
  );
