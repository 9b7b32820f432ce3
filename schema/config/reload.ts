/** `reload`, `shutdown` and `sessions`: what happens over time. */
import type { Static } from 'typebox';
import { closed, count, duration, flag, oneOf, optional } from './value.ts';

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
    watch: optional(
      flag({
        description:
          'Watch the files that were compiled. Events tell of a change within some tenths of a second; where there are none, or so many that they are left alone for half a second, the files are compared every two seconds.',
        default: true,
      }),
    ),
    drain: optional(Drain),
    onPolicyChange: optional(
      oneOf(['recheck', 'drain', 'keep'], {
        description:
          'What becomes of open streams and sessions whose rules change. `recheck`: those whose caller may not have them any more end at once, the others of a server that changed within `drain.window`. `drain`: all of these end within `drain.window`. `keep`: streams go on under the rules that they were opened by, until `drain.deadline`; sessions go on.',
        default: 'recheck',
      }),
    ),
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
    window: optional(
      duration({
        description:
          'Streams are ended at moments of their own within it. It is also what others are waited for: whoever has sent half of a request, what other gateways hand over, a client over stdio. Calls in flight have until `deadline`.',
        default: '5s',
      }),
    ),
    deadline: optional(
      duration({
        description:
          'The process has ended by then. Calls in flight are cut a second before it, or a tenth of it if that is less: what is left is for processes of stdio upstreams to end in, and for the log.',
        default: '30s',
      }),
    ),
  },
  { description: 'End of the process.', default: {} },
);

const Parked = closed(
  {
    idle: optional(
      duration({ description: 'A call whose input has not come after this is taken back.', default: '10m' }),
    ),
    absolute: optional(
      duration({
        description:
          'A call is taken back after this, however often it was answered; what a modern upstream asks for must be answered within it.',
        default: '1h',
      }),
    ),
    max: optional(count({ description: 'Calls that wait for input, in all.', default: 1000 })),
    maxPerPrincipal: optional(
      count({ description: 'Calls of one principal that wait for input.', default: 50 }),
    ),
  },
  {
    description:
      'Calls of modern clients that an upstream of 2025-11-25 or older keeps open while it waits for the input that it asked for: elicitation, sampling, roots.',
    default: {},
  },
);

/** Streams of subscriptions in all, and of one principal. */
export const DEFAULT_SUBSCRIPTIONS = { max: 10_000, maxPerPrincipal: 200 };

const Subscriptions = closed(
  {
    max: optional(count({ description: 'Streams in all.', default: DEFAULT_SUBSCRIPTIONS.max })),
    maxPerPrincipal: optional(
      count({ description: 'Streams of one principal.', default: DEFAULT_SUBSCRIPTIONS.maxPerPrincipal }),
    ),
  },
  { description: 'Streams of `subscriptions/listen` that modern clients have open.', default: {} },
);

export const Sessions = closed(
  {
    idle: optional(duration({ description: 'An unused session ends after this.', default: '30m' })),
    absolute: optional(duration({ description: 'Every session ends after this.', default: '12h' })),
    max: optional(count({ description: 'Sessions in all.', default: 10_000 })),
    maxPerPrincipal: optional(count({ description: 'Sessions of one principal.', default: 100 })),
    parked: optional(Parked),
    subscriptions: optional(Subscriptions),
  },
  {
    description: 'Sessions of clients of 2025-11-25 and older, and what other clients leave open.',
    default: {},
  },
);

export type Reload = Static<typeof Reload>;
export type Shutdown = Static<typeof Shutdown>;
export type Sessions = Static<typeof Sessions>;
