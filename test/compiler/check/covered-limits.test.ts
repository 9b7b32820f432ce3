import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { type Counted, countAll } from '../../../runtime/traffic/count-all.ts';
import type { CountVerdict } from '../../../runtime/traffic/counter.ts';
import { Quota } from '../../../runtime/traffic/quota.ts';
import { createRateLimiter } from '../../../runtime/traffic/rate.ts';
import type { CountingLimitNode } from '../../../schema/graph/limit.ts';
import { configuration } from '../../support/configuration.ts';

const compileLimits = (limits: object, over: object = {}) => {
  const text = configuration(
    { tracker: 'https://tracker.example.com/mcp' },
    { server: { limits: Object.keys(limits) }, limits, ...over },
  );
  return compile({
    main: 'gateway.yaml',
    read: (path) => (path === 'gateway.yaml' ? Buffer.from(text) : undefined),
  });
};

const covered = (limits: object, over?: object): readonly string[] =>
  compileLimits(limits, over)
    .diagnostics.filter(({ code }) => code === 'GW3173')
    .map(({ message }) => message.split('`')[1]!);

const slow = { type: 'rate', rate: '60/m', burst: 10 };
const wide = { type: 'rate', rate: '120/m', burst: 20 };

describe('a limit that never refuses', () => {
  it('is found where another counts the same and has no more room', () => {
    expect(covered({ slow, wide })).toEqual(['wide']);
    expect(covered({ slow, daily: { type: 'quota', quota: '86410/d' } })).toEqual(['daily']);
    expect(
      covered({ hourly: { type: 'quota', quota: '10/h' }, daily: { type: 'quota', quota: '240/d' } }),
    ).toEqual(['daily']);
    expect(covered({ slow, wide: { ...wide, tools: ['a'] } })).toEqual(['wide']);
  });

  it('of two that are the same, is one', () => {
    expect(covered({ slow, same: slow })).toEqual(['slow']);
  });

  it('is not one that counts apart, costs otherwise, has less room or counts more', () => {
    expect(covered({ slow, wide: { ...wide, key: [] } })).toEqual([]);
    expect(covered({ slow, wide: { ...wide, cost: { 'tools/call': 9 } } })).toEqual([]);
    expect(covered({ slow, wide: { ...wide, burst: 5 } })).toEqual([]);
    expect(covered({ slow, wide: { ...wide, rate: '30/m' } })).toEqual([]);
    expect(covered({ slow, daily: { type: 'quota', quota: '86409/d' } })).toEqual([]);
    expect(covered({ slow: { ...slow, tools: ['a'] }, wide })).toEqual([]);
    expect(
      covered({ hourly: { type: 'quota', quota: '10/h' }, odd: { type: 'quota', quota: '99/90m' } }),
    ).toEqual([]);
  });

  it('is not one that a tenant or another server has without the other', () => {
    const tenants = { acme: { match: "principal.tenant == 'acme'", limits: ['wide'] } };
    expect(covered({ slow, wide }, { tenants })).toEqual([]);
    const both = { acme: { match: "principal.tenant == 'acme'", limits: ['wide', 'slow'] } };
    expect(covered({ slow, wide }, { tenants: both })).toEqual(['wide']);
  });

  describe('by the clock', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    const counted = (node: CountingLimitNode): Counted => ({
      node,
      counter: node.type === 'rate' ? createRateLimiter(node) : new Quota(node.windowMs).counter(node.count),
      key: 'ann',
      cost: 1,
    });

    it('never does, whatever comes', () => {
      const anyLimit = fc.oneof(
        fc.record({
          type: fc.constant('rate'),
          rate: fc
            .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom('s', 'm'))
            .map((rate) => rate.join('/')),
          burst: fc.integer({ min: 1, max: 9 }),
        }),
        fc.record({
          type: fc.constant('quota'),
          quota: fc
            .tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('s', '4s', 'm'))
            .map((quota) => quota.join('/')),
        }),
      );
      let found = 0;
      fc.assert(
        fc.property(
          anyLimit,
          anyLimit,
          fc.array(fc.tuple(fc.nat(30), fc.constantFrom(0, 0, 100, 1000, 30_000)), { maxLength: 60 }),
          (one, other, arrivals) => {
            const { compiled, diagnostics } = compileLimits({ one, other });
            const useless = diagnostics.find(({ code }) => code === 'GW3173')?.message.split('`')[1];
            if (useless === undefined) return;
            found += 1;
            const limits = (Object.values(compiled!.graph.limits) as CountingLimitNode[]).map(counted);
            let nowMs = Date.UTC(2026, 0, 1);
            for (const [times, gapMs] of arrivals) {
              nowMs += gapMs;
              for (let time = 0; time < times; time += 1) {
                const verdicts = countAll(limits, nowMs) as readonly CountVerdict[];
                const refused = limits.filter((_, at) => !verdicts[at]!.allowed).map(({ node }) => node.name);
                expect(refused).not.toEqual([useless]);
              }
            }
          },
        ),
        { numRuns: 200 },
      );
      expect(found).toBeGreaterThan(20);
    });
  });
});
