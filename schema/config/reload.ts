/** `reload`, `shutdown` and `sessions`: what happens over time. */
import type { Static } from 'typebox';
import { closed, count, duration, flag, optional } from './value.ts';

const Drain = closed(
  {
    window: optional(
      duration({ description: 'Streams are ended at a random moment within it.', default: '10s' }),
    ),
    deadline: optional(duration({ description: 'What is still open then is cut.', default: '5m' })),
  },
  { description: 'How an old generation ends.', default: {} },
);

export const Reload = closed(
  {
    watch: optional(flag({ description: 'Watch the files that were compiled.', default: true })),
    drain: optional(Drain),
    maxGenerations: optional(
      count({
        description:
          'Generations alive at once; the oldest have only `drain.window` left when there are more.',
        default: 4,
      }),
    ),
  },
  { description: 'Reload of a changed configuration.', default: {} },
);

export const Shutdown = closed(
  {
    window: optional(duration({ description: 'Calls in flight may finish within it.', default: '5s' })),
    deadline: optional(duration({ description: 'The process ends by then.', default: '30s' })),
  },
  { description: 'End of the process.', default: {} },
);

export const Sessions = closed(
  {
    idle: optional(duration({ description: 'An unused session ends after this.', default: '30m' })),
    absolute: optional(duration({ description: 'Every session ends after this.', default: '12h' })),
    max: optional(count({ description: 'Sessions in all.', default: 10_000 })),
    maxPerPrincipal: optional(count({ description: 'Sessions of one principal.', default: 100 })),
  },
  { description: 'Sessions of clients of 2025-11-25 and older.', default: {} },
);

export type Reload = Static<typeof Reload>;
export type Shutdown = Static<typeof Shutdown>;
export type Sessions = Static<typeof Sessions>;
