import { afterEach, describe, expect, test, vi } from 'vitest';
import { EndpointHealth } from '../../../runtime/traffic/health.ts';
import { type AskEndpoint, HealthChecks } from '../../../runtime/upstream/health-checks.ts';

let checks: HealthChecks<string> | undefined;

afterEach(() => {
  checks?.close();
  vi.useRealTimers();
});

/** The health of an endpoint that is asked each second, by what each question comes to; `'silence'`: to nothing. */
const watched = (unhealthyAfter: number, outcomes: readonly (boolean | undefined | 'silence')[]) => {
  vi.useFakeTimers();
  const changes: boolean[] = [];
  const health = new EndpointHealth({ unhealthyAfter }, { onChange: (healthy) => changes.push(healthy) });
  let asked = 0;
  let takenBack = 0;
  const ask: AskEndpoint<string> = (_endpoint, told) => {
    const outcome = outcomes[asked];
    asked += 1;
    if (outcome !== 'silence') setImmediate(() => told(outcome));
    return {
      abort: () => {
        takenBack += 1;
      },
    };
  };
  checks = new HealthChecks([{ endpoint: 'one', health }], 1_000, 500, ask);
  return { health, changes, counts: () => ({ asked, takenBack }) };
};

describe('a check', () => {
  test('that fails as often as declared makes an endpoint unhealthy, and the first that succeeds healthy', async () => {
    const { health, changes } = watched(2, [false, false, true]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(health.healthy).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(health.healthy).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(health.healthy).toBe(true);
    expect(changes).toEqual([false, true]);
  });

  test('that could not be made tells nothing: neither that nobody is there, nor that somebody is', async () => {
    const { health, counts } = watched(2, [false, undefined, undefined, undefined, false, undefined]);
    await vi.advanceTimersByTimeAsync(4_500);
    expect(health.healthy).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(health.healthy).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(health.healthy).toBe(false);
    expect(counts()).toEqual({ asked: 6, takenBack: 6 });
  });

  test('that is not answered in time has failed, and is taken back', async () => {
    const { health, counts } = watched(1, ['silence']);
    await vi.advanceTimersByTimeAsync(1_400);
    expect(health.healthy).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(health.healthy).toBe(false);
    expect(counts()).toEqual({ asked: 1, takenBack: 1 });
  });
});
