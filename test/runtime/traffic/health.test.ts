import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EndpointHealth } from '../../../runtime/traffic/health.ts';

test('an endpoint is unhealthy after so many failures in a row, until it succeeds once; each change is told once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      (unhealthyAfter, outcomes) => {
        const told: boolean[] = [];
        const health = new EndpointHealth({ unhealthyAfter }, { onChange: (healthy) => told.push(healthy) });
        const expected: boolean[] = [];
        for (const [at, succeeded] of outcomes.entries()) {
          if (succeeded) health.succeeded();
          else health.failed();
          const row = outcomes
            .slice(0, at + 1)
            .reverse()
            .findIndex((each) => each);
          const healthy = (row < 0 ? at + 1 : row) < unhealthyAfter;
          if (healthy !== (expected.at(-1) ?? true)) expected.push(healthy);
          expect(health.healthy).toBe(healthy);
        }
        expect(told).toEqual(expected);
      },
    ),
  );
});
