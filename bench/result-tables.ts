/** The tables that a run of the bench ends in. */
import { type Judgement, NAMES } from './budgets.ts';
import { type Measure, medianOf, ratioOf } from './figures.ts';
import type { Samples } from './rounds.ts';
import type { Table } from './table.ts';

/** The references that were driven. */
const referencesIn = (samples: Samples): readonly string[] =>
  [NAMES.floor, NAMES.nginx, NAMES.direct].filter((name) => samples.has(name));

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** What each target showed: medians over the rounds. */
export const measuredTable = (samples: Samples): Table => ({
  head: ['target', 'CPU µs/request', 'requests/s', 'p50 ms', 'p99 ms', 'target core', 'load core'],
  rows: [...samples].map(([name, own]) => [
    name,
    medianOf(own, 'cpuUsPerRequest').toFixed(1),
    medianOf(own, 'requestsPerSecond').toFixed(0),
    medianOf(own, 'p50Ms').toFixed(2),
    medianOf(own, 'p99Ms').toFixed(2),
    percent(medianOf(own, 'targetBusy')),
    percent(medianOf(own, 'loadBusy')),
  ]),
});

/** CPU time per request as ratios, each with its quartiles. */
export const cpuRatioTable = (samples: Samples): Table => {
  const references = referencesIn(samples);
  return {
    head: ['CPU per request', ...references.flatMap((reference) => [`÷ ${reference}`, 'quartiles'])],
    rows: [...samples.keys()].map((name) => [
      name,
      ...references.flatMap((reference) => {
        const ratio = ratioOf(samples, name, reference, 'cpuUsPerRequest');
        return ratio === undefined
          ? ['-', '-']
          : [ratio.median.toFixed(2), `${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}`];
      }),
    ]),
  };
};

/** Requests per second and latencies as ratios. */
export const speedRatioTable = (samples: Samples): Table => {
  const columns: readonly (readonly [string, Measure])[] = [
    ['requests/s', 'requestsPerSecond'],
    ['p50', 'p50Ms'],
    ['p99', 'p99Ms'],
  ];
  const references = referencesIn(samples);
  return {
    head: [
      'speed',
      ...columns.flatMap(([title]) => references.map((reference) => `${title} ÷ ${reference}`)),
    ],
    rows: [...samples.keys()].map((name) => [
      name,
      ...columns.flatMap(([, measure]) =>
        references.map((reference) => times(ratioOf(samples, name, reference, measure)?.median)),
      ),
    ]),
  };
};

const verdictOf = ({ passed, why }: Judgement): string => {
  if (passed === undefined) return `not judged (${why})`;
  return passed ? 'pass' : 'FAIL';
};

/** Budgets and what became of them. */
export const budgetTable = (judgements: readonly Judgement[]): Table => ({
  head: ['budget', 'at most', 'measured', 'verdict'],
  rows: judgements.map((judgement) => [
    judgement.budget,
    `${judgement.isLeast ? 'at least ' : ''}${amount(judgement.limit, judgement.unit)}`,
    amount(judgement.measured, judgement.unit),
    verdictOf(judgement),
  ]),
});

const times = (ratio: number | undefined): string => (ratio === undefined ? '-' : ratio.toFixed(2));

const amount = (value: number, unit: Judgement['unit']): string =>
  unit === '×' ? `${value.toFixed(2)} ×` : `${value.toFixed(0)} ${unit}`;
