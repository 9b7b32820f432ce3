import { describe, expect, it } from 'vitest';
import { judge, NAMES } from '../../bench/budgets.ts';
import { cpuUsOfStat } from '../../bench/cpu-time.ts';
import { isDisturbed, median, quantile, ratioOf } from '../../bench/figures.ts';
import { parseCoreList } from '../../bench/pinned-process.ts';
import { improvements, regressions, releasedOf } from '../../bench/released.ts';
import { budgetTable } from '../../bench/result-tables.ts';
import type { Sample } from '../../bench/rounds.ts';
import { formatTable } from '../../bench/table.ts';

const sample = (cpuUsPerRequest: number): Sample => ({
  cpuUsPerRequest,
  requestsPerSecond: 1e6 / cpuUsPerRequest,
  p50Ms: 1,
  p99Ms: 2,
  targetBusy: 1,
  loadBusy: 1,
  requests: 1000,
});

const samplesOf = (entries: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(entries).map(([name, costs]) => [name, costs.map(sample)]));

describe('figures', () => {
  it('takes medians of odd and even counts, and quantiles between values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  it('takes ratios within a round, so that a noisy round does not move them', () => {
    const samples = samplesOf({ gateway: [30, 300, 32], floor: [20, 200, 20] });
    expect(ratioOf(samples, 'gateway', 'floor', 'cpuUsPerRequest')?.median).toBe(1.5);
  });

  it('has no ratio to what was not driven', () => {
    expect(ratioOf(samplesOf({ gateway: [30] }), 'gateway', 'nginx', 'cpuUsPerRequest')).toBeUndefined();
  });
});

it('tells when neither the target nor the load had a core to itself', () => {
  const run = { ...sample(10), targetBusy: 0.5 };
  expect(isDisturbed(new Map([['nginx', [{ ...run, loadBusy: 0.99 }]]]))).toBe(false);
  expect(isDisturbed(new Map([['nginx', [{ ...run, loadBusy: 0.4 }]]]))).toBe(true);
});

describe('judge', () => {
  const startUp = { runs: 1, firstAnswerMs: 601, cpuMs: 300, idleBytes: 90e6 };
  const samples = samplesOf({ [NAMES.floor]: [10], [NAMES.bare]: [11.5], [NAMES.secure]: [17] });
  const nothing = {
    cores: 2,
    halfLoad: new Map(),
    startUp: undefined,
    lists: undefined,
    subscriptions: undefined,
  };

  const subscriptions = {
    count: 10_000,
    principals: 20,
    residentBytesEach: 19_000,
    externalBytesEach: 1_001,
    upstreamStreams: 1,
  };

  it('passes what is at its limit and fails what is above', () => {
    const measured = { ...nothing, samples, startUp, subscriptions };
    const verdicts = judge(measured, 1).map((judged) => [judged.measured, judged.passed]);
    expect(verdicts).toEqual([
      [1.15, true],
      [1.7, false],
      [601, false],
      [90, true],
      [20.001, false],
    ]);
  });

  it('multiplies every limit by the margin', () => {
    const measured = { ...nothing, samples, startUp, subscriptions };
    expect(judge(measured, 2).every(({ passed }) => passed === true)).toBe(true);
  });

  it('holds a call of one operation among 500 against that of the only one', () => {
    const verdictOf = (apiOf500: number) =>
      judge({ ...nothing, samples: samplesOf({ [NAMES.api]: [100], [NAMES.apiOf500]: [apiOf500] }) }, 1);
    expect(verdictOf(110)).toMatchObject([{ measured: 1.1, passed: true }]);
    expect(verdictOf(111)).toMatchObject([{ passed: false }]);
  });

  it('holds a call across the eras against the one within the era of its client', () => {
    const verdictsOf = (across: number) => {
      const costs = { [NAMES.bare]: [100], [NAMES.toLegacy]: [across], [NAMES.toModern]: [across] };
      return judge({ ...nothing, samples: samplesOf({ ...costs, [NAMES.bareLegacy]: [100] }) }, 1).slice(1);
    };
    expect(verdictsOf(150)).toMatchObject([
      { measured: 1.5, passed: true },
      { measured: 1.5, passed: true },
    ]);
    expect(verdictsOf(151)).toMatchObject([{ passed: false }, { passed: false }]);
  });

  it('holds the gateway against nginx only where the floor is not far from it', () => {
    const verdictsOf = (floor: number) => {
      const costs = { [NAMES.nginx]: [10], [NAMES.floor]: [floor], [NAMES.bare]: [25], [NAMES.secure]: [36] };
      return judge({ ...nothing, samples: samplesOf(costs) }, 1).filter(({ budget }) =>
        /÷ nginx/.test(budget),
      );
    };
    expect(verdictsOf(24)).toMatchObject([{ passed: true }, { passed: false }]);
    expect(verdictsOf(25.9)).toMatchObject([{ passed: undefined }, { passed: undefined }]);
    expect(budgetTable(verdictsOf(25.9)).rows.map((row) => row.at(-1))).toEqual([
      'not judged (floor 2.6 × nginx)',
      'not judged (floor 2.6 × nginx)',
    ]);
  });

  it('holds what two threads do against one only where there are cores for them', () => {
    const verdictOf = (cores: number, twoThreads: number) => {
      const one = { requestsPerSecond: 100, cpuUsPerRequest: 10 } as Sample;
      const two = { requestsPerSecond: twoThreads, cpuUsPerRequest: 10 } as Sample;
      const driven = new Map([
        [NAMES.bare, [one]],
        [NAMES.twoThreads, [two]],
      ]);
      return budgetTable(judge({ ...nothing, cores, samples: driven }, 1)).rows.at(-1);
    };
    expect(verdictOf(6, 180)).toEqual(['requests/s, two threads ÷ one', 'at least 1.80 ×', '1.80 ×', 'pass']);
    expect(verdictOf(6, 179)?.at(-1)).toBe('FAIL');
    expect(verdictOf(2, 100)?.at(-1)).toBe('not judged (2 cores of 6 that it takes)');
  });

  it('holds latencies at half load against those of nginx', () => {
    const halfLoad = new Map([
      [NAMES.nginx, 1],
      [NAMES.bare, 3],
      [NAMES.secure, 3.1],
    ]);
    const judged = judge({ ...nothing, samples: new Map(), halfLoad }, 1);
    expect(judged).toMatchObject([{ passed: true }, { passed: false }]);
  });

  it('judges nothing that was not measured', () => {
    expect(judge({ ...nothing, samples: samplesOf({ [NAMES.floor]: [10] }) }, 1)).toEqual([]);
  });

  it('are those of lists too', () => {
    const lists = { rounds: 1, tools: 1000, bytes: 200_000, cpuUsPerList: 201 };
    const judged = (margin: number) => judge({ ...nothing, samples: new Map(), lists }, margin);
    expect(judged(1)).toMatchObject([{ measured: 201, limit: 200, unit: 'µs', passed: false }]);
    expect(judged(2)).toMatchObject([{ passed: true }]);
  });
});

describe('what was released', () => {
  const released = { date: '2026-01-01', machine: 'a machine', cpuToFloor: { bare: 1, secure: 2 } };

  it('is exceeded by what costs a quarter more in every attempt', () => {
    expect(regressions(released, [{ bare: 1.3, secure: 2 }])).toEqual(['bare']);
    expect(
      regressions(released, [
        { bare: 1.3, secure: 2.6 },
        { bare: 1.2, secure: 2.7 },
      ]),
    ).toEqual(['secure']);
    expect(regressions(released, [{ bare: 1.25, secure: 2.5 }])).toEqual([]);
  });
});

describe('what is to be released', () => {
  const driven = { [NAMES.floor]: [20], [NAMES.bare]: [18], [NAMES.secure]: [25], [NAMES.bareLegacy]: [19] };

  it('is what a bench has measured of all that is judged, with its date and machine', () => {
    expect(releasedOf(samplesOf(driven), '2026-01-02', 'a machine')).toEqual({
      date: '2026-01-02',
      machine: 'a machine',
      cpuToFloor: { bare: 0.9, secure: 1.25, bareLegacy: 0.95 },
    });
    const { [NAMES.secure]: _, ...rest } = driven;
    expect(releasedOf(samplesOf(rest), '2026-01-02', 'a machine')).toBeUndefined();
  });

  it('is what costs so much less that a regression would not be seen', () => {
    const released = { date: '2026-01-01', machine: 'a machine', cpuToFloor: { bare: 1, secure: 2 } };
    expect(improvements(released, [{ bare: 0.79, secure: 1.7 }])).toEqual(['bare']);
    expect(
      improvements(released, [
        { bare: 0.79, secure: 1.5 },
        { bare: 0.85, secure: 1.5 },
      ]),
    ).toEqual(['secure']);
    expect(improvements(released, [{ bare: 0.8 }])).toEqual([]);
  });
});

describe('what /proc tells', () => {
  it('reads the time of a process whose name holds spaces and parentheses', () => {
    const stat = '42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 11 0 1234 0 0';
    expect(cpuUsOfStat(stat, 100)).toBe(3e6);
  });

  it('reads lists of cores', () => {
    expect(parseCoreList('0-2,5')).toEqual([0, 1, 2, 5]);
    expect(parseCoreList('3')).toEqual([3]);
  });
});

describe('formatTable', () => {
  it('aligns text to the left and figures to the right', () => {
    const table = { head: ['target', 'µs'], rows: [['floor', '31.5'] as const] };
    expect(formatTable(table)).toBe('| target |   µs |\n|--------|-----:|\n| floor  | 31.5 |');
  });
});
