/** `pressure`: when new work is refused so that what is under way can be done. */
import type { Static } from 'typebox';
import { closed, duration, optional, size } from './value.ts';

/** How late the timers of a thread may be. */
export const DEFAULT_EVENT_LOOP_DELAY = '500ms';

export const Pressure = closed(
  {
    memory: optional(
      size({
        description:
          'What the process may have in memory. From 85% of it on new work is refused with 503, and readers that leave much unread are cut off, until it has less than 75%. By default 80% of what the container may have, or the machine has.',
        examples: ['512MiB'],
      }),
    ),
    eventLoopDelay: optional(
      duration({
        description:
          'How late the timers of a thread may be. One that is later three times in a row refuses new work until it is back below half of it.',
        default: DEFAULT_EVENT_LOOP_DELAY,
      }),
    ),
  },
  {
    description:
      'When new work is refused with 503 and `Retry-After`, so that what is under way can be done: calls that were let in, sessions that are open and operations go on.',
    default: {},
  },
);

export type Pressure = Static<typeof Pressure>;
