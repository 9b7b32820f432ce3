/** What calls cost gateways of npm and ours, as a table. */
import { existsSync, readFileSync } from 'node:fs';
import { packageFile } from './gateway-program.ts';
import { formatTable } from './table.ts';

export interface NpmFigures {
  readonly date: string;
  readonly machine: string;
  /** By name; ours are those that begin with `gatewright`. */
  readonly cpuUsPerCall: Readonly<Record<string, number>>;
}

export const NPM_FILE = packageFile('bench/npm-gateways.json');

/** Those that were measured last, if any were. */
export const readNpmFigures = (): NpmFigures | undefined =>
  existsSync(NPM_FILE) ? JSON.parse(readFileSync(NPM_FILE, 'utf8')) : undefined;

/** So many times less than the best of the others. */
export const RATIO = 8;

const OURS = 'gatewright';

/** The table, and how many times the best of the others costs what ours costs before the same kind of upstream. */
export const npmTable = ({ cpuUsPerCall }: NpmFigures): { readonly text: string; readonly ratio: number } => {
  const entries = Object.entries(cpuUsPerCall);
  const behindOf = (name: string): string => (name.endsWith('stdio behind') ? 'stdio behind' : 'HTTP behind');
  const oursFor = (name: string): number =>
    entries.find(([own]) => own.startsWith(OURS) && behindOf(own) === behindOf(name))?.[1] ?? Number.NaN;
  const others = entries.filter(([name]) => !name.startsWith(OURS));
  const ratio = Math.min(...others.map(([name, us]) => us / oursFor(name)));
  const table = formatTable({
    head: ['gateway', 'CPU µs/call', '÷ ours before the same'],
    rows: entries.map(([name, us]) => [name, us.toFixed(0), (us / oursFor(name)).toFixed(1)]),
  });
  const verdict = ratio >= RATIO ? 'pass' : 'FAIL';
  return {
    text: `${table}\n\nThe best of the others costs ${ratio.toFixed(1)} times as much: at least ${RATIO} is wanted, ${verdict}.`,
    ratio,
  };
};
