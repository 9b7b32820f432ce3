/** Timeouts, retry and breaker of an upstream. */
import { Type } from 'typebox';
import {
  cel,
  closed,
  count,
  duration,
  flag,
  headerName,
  listOf,
  oneOf,
  optional,
  percentage,
  urlPath,
} from '../value.ts';

export const Timeouts = closed(
  {
    connect: optional(
      duration({
        description: 'To open a connection, or to start a process and initialise it.',
        default: '10s',
      }),
    ),
    firstByte: optional(
      duration({ description: 'To the first byte of an answer; by default as long as `call`.' }),
    ),
    call: optional(
      duration({
        description: 'A whole call; progress that its caller asked for extends it up to `callMax`.',
        default: '60s',
      }),
    ),
    callMax: optional(
      duration({ description: 'The most that progress can extend a call to.', default: '10m' }),
    ),
    list: optional(
      duration({
        description: 'How long a list waits for this upstream before it goes on without it.',
        default: '5s',
      }),
    ),
    idle: optional(
      duration({ description: 'How long an unused connection or session is kept.', default: '60s' }),
    ),
  },
  { description: 'Timeouts towards the upstream.', default: {} },
);

/** Tells an upstream by when it has to be done. */
export const DeadlineHeader = headerName({
  description:
    'The header that tells with each attempt how many milliseconds are left for it: of `call`, or of `callMax` where the caller asked for progress, or of the less that a limit or the caller itself gives it. While the caller is asked for something they stand still. Absent: none does.',
  examples: ['x-envoy-expected-rq-timeout-ms'],
});

export const RETRY_CONDITIONS = ['connect-error', 'http-429', 'http-502', 'http-503', 'http-504'] as const;

const RETRY_FIELDS = {
  maxAttempts: optional(
    count({ description: 'Attempts in all, the first included.', default: 3, maximum: 10 }),
  ),
  when: optional(
    listOf(oneOf(RETRY_CONDITIONS, { description: 'A condition.' }), {
      description: 'What is retried.',
      default: ['connect-error', 'http-502', 'http-503', 'http-504'],
      minItems: 1,
    }),
  ),
  backoff: optional(
    closed(
      {
        base: optional(
          duration({ description: 'The first delay; it doubles with each attempt.', default: '100ms' }),
        ),
        max: optional(duration({ description: 'The longest delay.', default: '5s' })),
        jitter: optional(
          oneOf(['full', 'none'], {
            description: '`full` draws each delay between 0 and its bound.',
            default: 'full',
          }),
        ),
      },
      { description: 'Delays between attempts.', default: {} },
    ),
  ),
  onlyIdempotent: optional(
    flag({
      description:
        'Retry a tools/call only where the tool is annotated read-only or idempotent and annotations are honoured; a connection that was refused is retried always. Operations of an HTTP API go by their method (RFC 9110).',
      default: true,
    }),
  ),
  budget: optional(
    percentage({
      description:
        'The share of calls that may be attempts after the first, so that an upstream in trouble is not asked ever more. Ten at once and one a second are free.',
      default: '20%',
    }),
  ),
};

const RETRY_OPTIONS = { description: 'Retries. Absent: none.' };

export const Retry = closed(RETRY_FIELDS, RETRY_OPTIONS);

/** Retries where a second attempt can be made beside the first. */
export const HedgedRetry = closed(
  {
    ...RETRY_FIELDS,
    hedge: optional(
      closed(
        {
          after: duration({
            description: 'How long an answer is waited for before the call is sent once more.',
            examples: ['200ms'],
          }),
          max: optional(
            count({ description: 'How often it is sent once more at most.', default: 1, maximum: 3 }),
          ),
        },
        {
          description:
            'Sends a slow call again before it has failed, to another endpoint where there is one; the first answer counts, the other attempts are cancelled. For calls that `onlyIdempotent` names, to upstreams that speak the modern era and HTTP APIs. Absent: never.',
        },
      ),
    ),
  },
  RETRY_OPTIONS,
);

/** Thousands come of themselves where an upstream hangs and callers multiplex; more are memory and nothing else. */
export const DEFAULT_WAITING = 10_000;

export const Waiting = count({
  description:
    'So many calls wait, in each thread, while all `connections` to an endpoint are in use; callers take turns. What is more, or from eight on more than seven eighths of it by one caller, is answered at once with `upstream_busy`, 503 and `Retry-After`.',
  default: DEFAULT_WAITING,
  minimum: 0,
  maximum: 1_000_000,
  examples: [1000],
});

export const Concurrency = closed(
  {
    max: count({ description: 'Calls under way at the same time.', examples: [200] }),
    queue: optional(
      Type.Integer({
        minimum: 0,
        maximum: 100_000,
        description:
          'How many more may wait for their turn; callers take turns there. Their time runs meanwhile. Calls beyond are refused.',
        default: 100,
      }),
    ),
  },
  {
    description:
      'How many calls the upstream gets at once, so that a slow one holds up nobody but its own callers. Streams that stay open do not count, nor does a call while its caller is asked. Absent: any number.',
  },
);

/** Which of several endpoints a call goes to; `stays` says what does not change its endpoint. */
export const balance = (stays = '') =>
  oneOf(['failover', 'round-robin', 'least-requests', 'hash(principal.id)'], {
    description: `Which of several endpoints a call goes to: the first that is healthy (\`failover\`, which is assumed), each in turn, the one with the fewest requests in flight, or always the same for a principal.${stays}`,
    examples: ['round-robin'],
  });

const HEALTH_FIELDS = {
  every: optional(
    duration({ description: 'How often each endpoint is asked whether it is there.', default: '10s' }),
  ),
  unhealthyAfter: optional(
    count({
      description:
        'Failures in a row, of calls or of being asked, after which an endpoint gets no calls until it answers again.',
      default: 3,
    }),
  ),
};

const HEALTH_OPTIONS = {
  description:
    'Whether the endpoints are there. Several are always looked after; one is where this is written. Where none answers, calls are sent all the same.',
};

export const Health = closed(HEALTH_FIELDS, HEALTH_OPTIONS);

/** Of an API: what it is asked. */
export const ApiHealth = closed(
  {
    ...HEALTH_FIELDS,
    path: optional(
      urlPath({
        description:
          'What is asked for by GET, after the base URL; it is there where it answers with a status below 400. Absent: the base URL is asked for by HEAD, and any answer but 502, 503 and 504 will do.',
        examples: ['/healthz'],
      }),
    ),
  },
  HEALTH_OPTIONS,
);

export const Breaker = closed(
  {
    consecutive: optional(count({ description: 'Failures in a row that open it.', examples: [5] })),
    errorRate: optional(
      percentage({ description: 'Share of failures within `window` that opens it.', examples: ['50%'] }),
    ),
    window: optional(duration({ description: 'The window of `errorRate`.', default: '10s' })),
    minimumCalls: optional(
      count({ description: 'Calls within `window` before `errorRate` counts.', default: 20 }),
    ),
    openFor: optional(
      duration({ description: 'How long it stays open before one call is let through.', default: '30s' }),
    ),
    givenUpAfter: optional(
      duration({
        description:
          'A call that ends because its caller told a deadline (`headers.deadline` of the server) is a failure, for `health` too, where the upstream was silent in it for so long; so is one that was sent late, as it had waited for its turn. What ends sooner tells nothing of the upstream. Less than what callers tell, more than any tool takes: whoever calls a slower tool can bring failures about. Absent: half of `timeouts.call`.',
        examples: ['5s'],
      }),
    ),
    failWhen: optional(
      cel('response', 'bool', {
        description:
          'Answers that count as failures besides timeouts, broken connections and statuses from 500 on: a condition on `result`, or on `error` for JSON-RPC errors. One that reads what an answer does not have is not met.',
        examples: ["result.isError && result.content.exists(part, part.text.contains('overloaded'))"],
      }),
    ),
    per: optional(
      oneOf(['upstream', 'tool'], {
        description:
          'What is not called any more. With `tool` each tool has a breaker of its own, which its timeouts, statuses and answers count for; connections that cannot be made, or break, count for the upstream.',
        default: 'upstream',
      }),
    ),
  },
  { description: 'A circuit breaker; `consecutive` or `errorRate`, either trips. Absent: none.' },
);
