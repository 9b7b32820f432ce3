/** What calls cost gateways of npm and ours, as a table. */
import { existsSync, readFileSync } from 'node:fs';
import { packageFile } from './gateway-program.ts';
import { formatTable } from './table.ts';

/** How the caller speaks, and what is behind. */
export type Caller = '2026-07-28' | '2025-11-25' | '2024-11-05' | 'REST';
export type Behind = 'HTTP' | 'stdio';

/** A gateway, and the work that it does. */
export interface Contender {
  readonly name: string;
  readonly caller: Caller;
  readonly behind: Behind;
}

export interface NpmRow extends Contender {
  readonly cpuUsPerCall: number;
  /** To ours at the same work: the median of the ratios within the rounds. Absent: it is ours. */
  readonly ratio?: number;
}

export interface NpmFigures {
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly connections: number;
  readonly rows: readonly NpmRow[];
}

export const NPM_FILE = packageFile('bench/npm-gateways.json');

/** Those that were measured last, if any were. */
export const readNpmFigures = (): NpmFigures | undefined =>
  existsSync(NPM_FILE) ? JSON.parse(readFileSync(NPM_FILE, 'utf8')) : undefined;

/** So many times less than the best of the others. */
export const RATIO = 8;

const verdictOf = ({ caller, ratio }: NpmRow): string => {
  if (ratio === undefined) return '';
  if (caller === 'REST') return 'no MCP: not judged';
  return ratio >= RATIO ? 'pass' : 'FAIL';
};

/** The best of the others in one of the revisions. */
const bestOf = (rows: readonly NpmRow[], callers: readonly Caller[]): number =>
  Math.min(
    ...rows.flatMap(({ caller, ratio }) => (ratio !== undefined && callers.includes(caller) ? ratio : [])),
  );

const bestText = (rows: readonly NpmRow[], title: string, callers: readonly Caller[]): string => {
  const best = bestOf(rows, callers);
  return `${title}, the best of the others costs ${best.toFixed(1)} times as much: ${best >= RATIO ? 'pass' : 'FAIL'}.`;
};

/** The table, with what became of the budget in each revision. */
export const npmText = ({ rows }: NpmFigures): string => {
  const table = formatTable({
    head: ['gateway', 'caller', 'behind', 'CPU µs/call', '÷ ours', `at least ${RATIO} ×`],
    rows: rows.map((row) => [
      row.name,
      row.caller,
      row.behind,
      row.cpuUsPerCall.toFixed(0),
      row.ratio?.toFixed(1) ?? '1',
      verdictOf(row),
    ]),
  });
  const modern = bestText(rows, 'In 2026-07-28', ['2026-07-28']);
  const older = bestText(rows, 'In older revisions', ['2025-11-25', '2024-11-05']);
  return `${table}\n\n${modern} ${older}`;
};

/** Whether all that is judged passed. */
export const npmPassed = ({ rows }: NpmFigures): boolean => rows.every((row) => verdictOf(row) !== 'FAIL');
