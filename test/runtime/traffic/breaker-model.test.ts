import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { monotonicMs } from '../../../runtime/state/monotonic.ts';
import { type Breaker, type BreakerState, createBreaker } from '../../../runtime/traffic/breaker.ts';
import type { BreakerNode } from '../../../schema/graph/upstream.ts';

/** A breaker as one would explain it: everything is remembered, and looked at anew each time. */
class Model {
  readonly #node: BreakerNode;
  state: BreakerState = 'closed';
  epoch = 0;
  #openedMs = 0;
  #probeMs: number | undefined;
  /** Since it was closed, the oldest first. */
  #outcomes: { readonly atMs: number; readonly failed: boolean }[] = [];

  constructor(node: BreakerNode) {
    this.#node = node;
  }

  admit(nowMs: number): boolean {
    this.look(nowMs);
    if (this.state === 'closed') return true;
    if (this.state === 'open') return false;
    if (this.#probeMs !== undefined && nowMs - this.#probeMs < this.#node.openForMs) return false;
    this.#probeMs = nowMs;
    return true;
  }

  settle(epoch: number, outcome: 'success' | 'failure' | 'release', nowMs: number): void {
    if (epoch !== this.epoch) return;
    if (outcome === 'release') this.#probeMs = undefined;
    else if (this.state === 'half-open') this.#enter(outcome === 'success' ? 'closed' : 'open', nowMs);
    else {
      this.#outcomes.push({ atMs: nowMs, failed: outcome === 'failure' });
      if (outcome === 'failure' && this.#trips(nowMs)) this.#enter('open', nowMs);
    }
  }

  look(nowMs: number): void {
    if (this.state === 'open' && nowMs >= this.#openedMs + this.#node.openForMs)
      this.#enter('half-open', nowMs);
  }

  #trips(nowMs: number): boolean {
    const { consecutive, errorRate, minimumCalls, windowMs } = this.#node;
    const sinceSuccess = this.#outcomes.slice(this.#outcomes.findLastIndex(({ failed }) => !failed) + 1);
    if (consecutive !== undefined && sinceSuccess.length >= consecutive) return true;
    if (errorRate === undefined) return false;
    // The window moves by tenths of itself.
    const tenth = (atMs: number): number => Math.floor(atMs / (windowMs / 10));
    const recent = this.#outcomes.filter(({ atMs }) => tenth(atMs) > tenth(nowMs) - 10);
    const failures = recent.filter(({ failed }) => failed).length;
    return recent.length >= minimumCalls && failures >= errorRate * recent.length;
  }

  #enter(state: BreakerState, nowMs: number): void {
    this.state = state;
    this.epoch += 1;
    this.#probeMs = undefined;
    if (state === 'open') this.#openedMs = nowMs;
    if (state === 'closed') this.#outcomes = [];
  }
}

type Step =
  | { readonly kind: 'admit' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'success' | 'failure' | 'release'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'admit' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(700) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('success', 'failure', 'failure', 'release'),
      at: fc.nat(20),
    }),
  },
);

const node: fc.Arbitrary<BreakerNode> = fc
  .record({
    consecutive: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    errorRate: fc.option(fc.constantFrom(0.2, 0.5, 1), { nil: undefined }),
    windowMs: fc.constantFrom(200, 1000),
    minimumCalls: fc.integer({ min: 1, max: 8 }),
    openForMs: fc.constantFrom(100, 500),
  })
  .map(({ consecutive, errorRate, ...rest }) => ({
    ...rest,
    ...(consecutive === undefined ? {} : { consecutive }),
    ...(errorRate === undefined ? {} : { errorRate }),
  }));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Two breakers over one memory, as two threads have them, asked in turns. */
const pair = (made: BreakerNode): readonly Breaker[] => {
  const memory = new SharedArrayBuffer(4096);
  return [1, 2].map((holder) => createBreaker(made, { memory, holder, onChange: () => undefined }));
};

describe('a breaker that two threads share', () => {
  test('does what the plain one does, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(node, fc.array(step, { maxLength: 120 }), (made, steps) => {
        const breakers = pair(made);
        const model = new Model(made);
        const tickets: { readonly admission: number; readonly epoch: number }[] = [];
        for (const [turn, each] of steps.entries()) {
          const breaker = breakers[turn % 2]!;
          const nowMs = monotonicMs();
          if (each.kind === 'wait') vi.advanceTimersByTime(each.ms);
          else if (each.kind === 'admit') {
            const admission = breaker.admit();
            expect(admission !== 0).toBe(model.admit(nowMs));
            if (admission !== 0) tickets.push({ admission, epoch: model.epoch });
          } else if (tickets.length > 0) {
            const [ticket] = tickets.splice(each.at % tickets.length, 1);
            if (each.kind === 'failure') breaker.failure(ticket!.admission, 'status');
            else breaker[each.kind](ticket!.admission);
            model.settle(ticket!.epoch, each.kind, nowMs);
          }
          model.look(monotonicMs());
          for (const one of breakers) expect(one.state).toBe(model.state);
        }
      }),
      { numRuns: 300 },
    );
  });
});
