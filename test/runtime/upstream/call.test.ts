import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GatewayError } from '../../../runtime/errors.ts';
import { Call } from '../../../runtime/upstream/call.ts';
import { upstreamError } from '../../../runtime/upstream/failure.ts';
import type { Traffic } from '../../../runtime/upstream/traffic.ts';
import type { RetryNode } from '../../../schema/graph/upstream.ts';
import { TIMEOUTS as PATIENT, testContext } from './test-context.ts';

const TIMEOUTS = { ...PATIENT, firstByteMs: 5000, callMs: 5000 };

const CONDITIONS = ['connect-error', 'http-429', 'http-502', 'http-503', 'http-504'] as const;

/** What becomes of one attempt, and when. */
interface Outcome {
  readonly afterMs: number;
  readonly answered: boolean;
  readonly condition: (typeof CONDITIONS)[number] | undefined;
  readonly sent: boolean;
  readonly retryAfterMs: number | undefined;
}

const outcome: fc.Arbitrary<Outcome> = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 30, 400, 3000),
  answered: fc.constantFrom(true, false, false, false),
  condition: fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined, freq: 8 }),
  sent: fc.boolean(),
  retryAfterMs: fc.option(fc.constantFrom(0, 50, 1000, 5000), { nil: undefined }),
});

const retryNode: fc.Arbitrary<RetryNode> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 6 }),
  when: fc.uniqueArray(fc.constantFrom(...CONDITIONS), { minLength: 1 }),
  backoff: fc.record({
    baseMs: fc.constantFrom(10, 200),
    maxMs: fc.constantFrom(200, 1500),
    jitter: fc.constant('none' as const),
  }),
  onlyIdempotent: fc.boolean(),
});

/** An attempt for each outcome; the last one is repeated. */
class ScriptedCall extends Call {
  readonly #script: readonly Outcome[];
  readonly attemptsMs: number[] = [];
  abandoned = false;

  constructor(
    traffic: Traffic,
    idempotent: boolean,
    script: readonly Outcome[],
    end: (code: string) => void,
  ) {
    super(
      traffic,
      { id: 1, method: 'tools/call', body: '', headers: [], idempotent },
      {
        onStream: () => undefined,
        onSuspend: () => undefined,
        onMessage: () => undefined,
        onResponse: () => end('answered'),
        onError: ({ code }: GatewayError) => end(code),
      },
    );
    this.#script = script;
  }

  protected attempt(): void {
    const at = this.attemptsMs.push(performance.now()) - 1;
    const { afterMs, answered, condition, sent, retryAfterMs } = this.#script[at] ?? this.#script.at(-1)!;
    const finish = (): void => {
      if (answered) this.respond('{}', {});
      else
        this.failed({
          error: upstreamError('upstream_unavailable', 'scripted'),
          sent,
          ...(condition === undefined ? {} : { condition }),
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        });
    };
    if (afterMs === 0) finish();
    else setTimeout(finish, afterMs);
  }

  protected abandon(): void {
    this.abandoned = true;
  }
}

/** The wheel ticks every 20 ms, from whenever it was started. */
const TICKS_MS = 45;

/** The same, told plainly: when attempts are made, how it ends and when. What comes with the deadline may come before it. */
const expected = (
  retry: RetryNode,
  idempotent: boolean,
  script: readonly Outcome[],
): { readonly attemptsMs: readonly number[]; readonly ends: readonly string[]; readonly endMs: number } => {
  const attemptsMs: number[] = [];
  let nowMs = 0;
  for (;;) {
    attemptsMs.push(nowMs);
    const each = script[attemptsMs.length - 1] ?? script.at(-1)!;
    const deadlineMs = Math.min(nowMs + TIMEOUTS.firstByteMs, TIMEOUTS.callMs);
    const lateMs = nowMs + each.afterMs - deadlineMs;
    if (lateMs >= 0) {
      const own = lateMs > TICKS_MS ? [] : [each.answered ? 'answered' : 'upstream_unavailable'];
      return { attemptsMs, ends: ['upstream_timeout', ...own], endMs: deadlineMs };
    }
    nowMs += each.afterMs;
    if (each.answered) return { attemptsMs, ends: ['answered'], endMs: nowMs };
    const failed = { attemptsMs, ends: ['upstream_unavailable'], endMs: nowMs };
    if (attemptsMs.length >= retry.maxAttempts) return failed;
    if (each.condition === undefined || !retry.when.includes(each.condition)) return failed;
    if (each.sent && retry.onlyIdempotent && !idempotent) return failed;
    if (each.retryAfterMs !== undefined && each.retryAfterMs > retry.backoff.maxMs) return failed;
    const backoffMs = Math.min(retry.backoff.maxMs, retry.backoff.baseMs * 2 ** (attemptsMs.length - 1));
    const delayMs = Math.max(backoffMs, each.retryAfterMs ?? 0);
    if (nowMs + delayMs >= TIMEOUTS.callMs) return failed;
    nowMs += delayMs;
  }
};

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('[RATE-04] retries are those that the plain rules allow, at their times, and a call ends once, by its deadline', () => {
  fc.assert(
    fc.property(
      retryNode,
      fc.boolean(),
      fc.array(outcome, { minLength: 1, maxLength: 7 }),
      (retry, idempotent, script) => {
        const traffic: Traffic = {
          upstream: 'scripted',
          timeouts: TIMEOUTS,
          deadlineHeader: undefined,
          givenUpAfterMs: TIMEOUTS.callMs / 2,
          retry,
          budget: undefined,
          breakers: undefined,
          bulkhead: undefined,
          fails: undefined,
          context: testContext(),
          inFlight: 0,
        };
        const ends: { readonly end: string; readonly atMs: number }[] = [];
        const startedMs = performance.now();
        const call = new ScriptedCall(traffic, idempotent, script, (end) =>
          ends.push({ end, atMs: performance.now() - startedMs }),
        );
        call.start();
        vi.advanceTimersByTime(30_000);
        const model = expected(retry, idempotent, script);
        expect(call.attemptsMs.map((atMs) => Math.round(atMs - startedMs))).toEqual(model.attemptsMs);
        expect(ends).toHaveLength(1);
        const { end, atMs: endedMs } = ends[0]!;
        expect(model.ends).toContain(end);
        expect(endedMs).toBeGreaterThanOrEqual(model.endMs - 1);
        expect(endedMs).toBeLessThanOrEqual(model.endMs + TICKS_MS);
        expect(call.abandoned).toBe(end === 'upstream_timeout');
        expect(traffic.inFlight).toBe(0);
        const repeated = call.attemptsMs.length > 1 && !idempotent && retry.onlyIdempotent;
        if (repeated)
          expect(script.slice(0, call.attemptsMs.length - 1).some(({ sent }) => sent)).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});
