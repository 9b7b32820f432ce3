import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Balancer, type Candidate } from '../../../runtime/traffic/balance.ts';
import { textHash } from '../../../runtime/traffic/text-hash.ts';

interface Made extends Candidate {
  healthy: boolean;
  inFlight: number;
}

const candidates = (count: number): Made[] =>
  Array.from({ length: count }, (_, at) => ({
    healthy: true,
    inFlight: 0,
    seed: textHash(`https://mcp-${at}.example/mcp`),
  }));

const BALANCES = ['failover', 'round-robin', 'least-requests', 'hash(principal.id)'] as const;
const states = fc.array(fc.record({ healthy: fc.boolean(), inFlight: fc.nat(50), isTried: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
});

describe('the choice of an endpoint', () => {
  it('falls on one that is healthy and was not tried, where there is one, whatever the balance', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BALANCES),
        states,
        fc.string(),
        fc.boolean(),
        (balance, made, key, elsewhere) => {
          const all = candidates(made.length).map((each, at) => Object.assign(each, made[at]));
          const tried = new Set(all.filter((_, at) => made[at]!.isTried));
          const chosen = new Balancer(balance, all).choose({ key, tried, elsewhere });
          const best = all.filter((each) => each.healthy && !tried.has(each));
          expect(best.length === 0 || best.includes(chosen)).toBe(true);
          const untried = all.filter((each) => !tried.has(each));
          if (elsewhere && untried.length > 0) expect(untried).toContain(chosen);
          const healthy = all.filter((each) => each.healthy);
          if (!elsewhere && healthy.length > 0) expect(healthy).toContain(chosen);
        },
      ),
    );
  });

  it('is fair in turns, over those that are healthy', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(7),
        fc.integer({ min: 1, max: 20 }),
        (count, sick, rounds) => {
          const all = candidates(count);
          if (count > 1) all[sick % count]!.healthy = false;
          const healthy = all.filter((each) => each.healthy);
          const balancer = new Balancer('round-robin', all);
          const times = new Map(all.map((each) => [each, 0]));
          for (let call = 0; call < rounds * healthy.length; call += 1) {
            const chosen = balancer.choose({});
            times.set(chosen, times.get(chosen)! + 1);
          }
          expect(healthy.map((each) => times.get(each))).toEqual(healthy.map(() => rounds));
        },
      ),
    );
  });

  it('is never one with more requests in flight than another, by the fewest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }), fc.nat(30), (inFlight, calls) => {
        const all = candidates(inFlight.length).map((each, at) =>
          Object.assign(each, { inFlight: inFlight[at]! }),
        );
        const balancer = new Balancer('least-requests', all);
        for (let call = 0; call < calls; call += 1) {
          const least = Math.min(...all.map((each) => each.inFlight));
          const chosen = balancer.choose({});
          expect(chosen.inFlight).toBe(least);
          chosen.inFlight += 1;
        }
      }),
    );
  });

  it('by principal moves the principals of an endpoint that is gone, and nobody else; and back', () => {
    const all = candidates(4);
    const balancer = new Balancer('hash(principal.id)', all);
    const keys = Array.from({ length: 2000 }, (_, at) => `idp:user-${at}`);
    const chosen = () => keys.map((key) => balancer.choose({ key }));
    const before = chosen();
    for (const each of all) expect(before.filter((one) => one === each).length).toBeGreaterThan(350);
    all[1]!.healthy = false;
    const meanwhile = chosen();
    for (const [at, each] of before.entries())
      if (each !== all[1]) expect(meanwhile[at]).toBe(each);
      else expect(meanwhile[at]).not.toBe(each);
    all[1]!.healthy = true;
    expect(chosen()).toEqual(before);
  });
});
