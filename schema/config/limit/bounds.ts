/** `limits.*` of type `bounds`. */
import { type Static, Type } from 'typebox';
import { closed, duration, listOf, optional, pattern, size } from '../value.ts';

export const BoundsLimit = closed(
  {
    type: Type.Literal('bounds', { description: 'Bounds on the time and the result of a single call.' }),
    callTimeout: optional(
      duration({
        description: 'The longest a call may take; where `callMax` is given, without telling of progress.',
      }),
    ),
    callMax: optional(
      duration({
        description:
          'The most that progress can extend a call to. Where none is given progress does not extend `callTimeout`.',
        examples: ['10m'],
      }),
    ),
    resultBytes: optional(
      size({
        description:
          'The largest result; a larger one is refused. Where none is given it is 2 GiB: what is larger than 256 KiB (from stdio 1 MiB) goes through in pieces, and is broken off at the bound. What has to be read whole is at most 64 MiB in any case: a result whose URIs may have to be rewritten, or that is adapted to an older revision, a member of a batch, and all that goes out over HTTP+SSE, WebSocket or stdio. A client that resumes a stream which broke in such a result is told to call again: nobody keeps as much.',
      }),
    ),
    tools: optional(
      listOf(pattern({ description: 'A name or glob of exposed tools.' }), {
        description: 'Only these tools; every request if absent.',
        minItems: 1,
      }),
    ),
  },
  { description: 'Bounds on a single call.' },
);

export type BoundsLimit = Static<typeof BoundsLimit>;
