/** What calls of a sound upstream notice of one that fails, as a table. */
import { existsSync, readFileSync } from 'node:fs';
import type { Beside, FaultLatency } from './fault-latency.ts';
import { packageFile } from './gateway-program.ts';
import { formatTable } from './table.ts';

export interface FaultFigures {
  readonly date: string;
  readonly machine: string;
  readonly method: string;
  readonly latencies: Readonly<Partial<Record<Beside, FaultLatency>>>;
}

export const FAULT_FILE = packageFile('bench/faults.json');

/** Those that were measured last, if any were. */
export const readFaultFigures = (): FaultFigures | undefined =>
  existsSync(FAULT_FILE) ? JSON.parse(readFileSync(FAULT_FILE, 'utf8')) : undefined;

/** With the fault, calls of the sound upstream may take so many times as long. */
const P99_RATIO = 1.5;

/** The table with its verdicts, and whether all of them are good. */
export const faultTable = ({
  latencies,
}: FaultFigures): { readonly text: string; readonly passed: boolean } => {
  const entries = Object.entries(latencies);
  const isReference = (beside: string): boolean => beside === 'is not called' || beside === 'answers';
  const text = formatTable({
    head: [
      'the other upstream',
      'p99 ms',
      '÷ without the fault',
      'quartiles',
      'verdict',
      'its calls',
      'failed',
    ],
    rows: entries.map(([beside, { p99Ms, ratio, low, high, disturbing, failedShare }]) => [
      beside,
      p99Ms.toFixed(2),
      `${ratio.toFixed(2)} ×`,
      `${low.toFixed(2)} to ${high.toFixed(2)}`,
      isReference(beside) ? '' : ratio <= P99_RATIO ? 'pass' : 'FAIL',
      String(disturbing),
      `${(failedShare * 100).toFixed(0)} %`,
    ]),
  });
  const passed = entries.every(([beside, { ratio }]) => isReference(beside) || ratio <= P99_RATIO);
  return { text: `${text}\n\nAt most ${P99_RATIO} × is wanted of each.`, passed };
};

export const FAULT_COMMAND = 'node bench/faults.ts --write';

/** What the page about performance says of them. */
export const faultSection = (figures: FaultFigures): string => `## Beside an upstream that fails

- ${figures.date}; ${figures.machine}
- \`${FAULT_COMMAND}\`: ${figures.method}. The 99th percentile of the sound upstream's calls, all of which are
  answered, as the median of all windows, and how many times that it is right before and after, while the other upstream
  answers as many calls: any load beside makes the slowest calls slower. The ratio is the median of those of all windows.
  Who makes the faults has only the time that load and upstream leave of their core.

${faultTable(figures).text}
`;
