/** What calls cost gateways of npm and ours, as a table. */
import { existsSync, readFileSync } from 'node:fs';
import { medianOf, ratioOf } from './figures.ts';
import { packageFile } from './gateway-program.ts';
import { FLOOR, OURS } from './npm-parts.ts';
import type { Samples } from './rounds.ts';
import { formatTable } from './table.ts';

export interface NpmRow {
  readonly name: string;
  readonly cpuUsPerCall: number;
  /** Share of a core that it used. */
  readonly busy: number;
  /** To ours: the median of the ratios within the rounds. */
  readonly toOurs: number;
  /** To the floor, likewise. */
  readonly toFloor: number;
}

/** One kind of work, as it was measured last. */
export interface NpmPart {
  readonly name: string;
  readonly title: string;
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly connections: number;
  readonly rows: readonly NpmRow[];
}

export const NPM_FILE = packageFile('bench/npm-gateways.json');

/** Those that were measured last; none where none were. */
export const readNpmParts = (): readonly NpmPart[] =>
  existsSync(NPM_FILE) ? JSON.parse(readFileSync(NPM_FILE, 'utf8')) : [];

export const npmRows = (samples: Samples): readonly NpmRow[] =>
  [...samples].map(([name, own]) => ({
    name,
    cpuUsPerCall: medianOf(own, 'cpuUsPerRequest'),
    busy: medianOf(own, 'targetBusy'),
    toOurs: ratioOf(samples, name, OURS, 'cpuUsPerRequest')?.median ?? Number.NaN,
    toFloor: ratioOf(samples, name, FLOOR, 'cpuUsPerRequest')?.median ?? Number.NaN,
  }));

/** So many times less than the best of the others. */
export const RATIO = 8;

const isOther = ({ name }: NpmRow): boolean => name !== OURS && name !== FLOOR;

const verdictOf = (row: NpmRow): string => {
  if (!isOther(row)) return '';
  return row.toOurs >= RATIO ? 'pass' : 'FAIL';
};

export const npmTable = (parts: readonly NpmPart[]): string =>
  formatTable({
    head: ['gateway', 'work', 'CPU µs/call', 'of a core', '÷ floor', '÷ ours', `at least ${RATIO} ×`],
    rows: parts.flatMap(({ title, rows }) =>
      rows.map((row) => [
        row.name,
        title,
        row.cpuUsPerCall.toFixed(0),
        `${(100 * row.busy).toFixed(0)} %`,
        row.toFloor.toFixed(1),
        row.toOurs.toFixed(1),
        verdictOf(row),
      ]),
    ),
  });

/** Of each that fails: what an eighth of it is to the floor. */
export const npmBounds = (parts: readonly NpmPart[]): readonly string[] =>
  parts.flatMap(({ title, rows }) =>
    rows
      .filter((row) => verdictOf(row) === 'FAIL')
      .map((row) => {
        const share = row.toFloor / RATIO;
        const bound = share < 1 ? ', less than passing messages on costs' : '';
        return `- ${row.name} (${title}): an eighth of it is ${share.toFixed(2)} × the floor${bound}.`;
      }),
  );

/** Whether all that is judged passed. */
export const npmPassed = (parts: readonly NpmPart[]): boolean =>
  parts.every(({ rows }) => rows.every((row) => verdictOf(row) !== 'FAIL'));
