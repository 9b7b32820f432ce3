/** What a run ends in. */
import { formatTable, type Table } from '../../bench/table.ts';
import { type Amounts, BOUNDS, type Measure } from './leaks.ts';
import type { Row, Tally } from './tally.ts';

export interface Told {
  readonly seed: number;
  readonly lengthMs: number;
  readonly tally: Tally;
  /** How often each fault has begun. */
  readonly begun: ReadonlyMap<string, number>;
  readonly before: Amounts;
  readonly after: Amounts;
}

const codes = ({ coded }: Row): string =>
  [...coded].map(([code, times]) => `${code} ${times}`).join(', ') || '-';

const callTable = (rows: readonly Row[]): Table => ({
  head: ['calls', 'answered', 'cut', 'failed', 'coded'],
  rows: rows.map((row) => [row.name, String(row.answered), String(row.cut), String(row.failed), codes(row)]),
});

const faultTable = (begun: ReadonlyMap<string, number>): Table => ({
  head: ['fault', 'times'],
  rows: [...begun].map(([fault, times]) => [fault, String(times)]),
});

const NAMES: Readonly<Record<Measure, string>> = {
  residentBytes: 'resident memory, MB',
  heapBytes: 'heap of all threads, MB',
  handles: 'open handles',
  children: 'children that live',
  zombies: 'dead children of ended threads',
  resources: 'timers and sockets of all threads',
};

const amount = (measure: Measure, value: number): string =>
  measure.endsWith('Bytes') ? (value / 1e6).toFixed(1) : String(value);

const holdingTable = (before: Amounts, after: Amounts): Table => ({
  head: ['held when idle', 'before', 'after', 'may grow by'],
  rows: (Object.keys(BOUNDS) as Measure[]).map((measure) => [
    NAMES[measure],
    amount(measure, before[measure]),
    amount(measure, after[measure]),
    amount(measure, BOUNDS[measure]),
  ]),
});

export const summary = ({ seed, lengthMs, tally, begun, before, after }: Told): string =>
  [
    ...[callTable([...tally.rows.values()]), faultTable(begun), holdingTable(before, after)].map(formatTable),
    ...tally.failures,
    `${tally.failed === 0 ? 'passed' : `FAILED (${tally.failed})`}: seed ${seed}, ${lengthMs / 1000} s`,
  ].join('\n\n');
