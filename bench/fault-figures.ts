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
    head: ['the other upstream', 'p99 ms', '÷ without the fault', 'verdict', 'its calls', 'failed'],
    rows: entries.map(([beside, { p99Ms, ratio, disturbing, failedShare }]) => [
      beside,
      p99Ms.toFixed(2),
      `${ratio.toFixed(2)} ×`,
      isReference(beside) ? '' : ratio <= P99_RATIO ? 'pass' : 'FAIL',
      String(disturbing),
      `${(failedShare * 100).toFixed(0)} %`,
    ]),
  });
  const passed = entries.every(([beside, { ratio }]) => isReference(beside) || ratio <= P99_RATIO);
  return { text: `${text}\n\nAt most ${P99_RATIO} × is wanted of each.`, passed };
};
