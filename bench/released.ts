/** What a call cost when figures were last taken on a quiet machine, and whether it costs much more now. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { NAMES } from './budgets.ts';
import { ratioOf } from './figures.ts';
import { packageFile } from './gateway-program.ts';
import type { TargetKey } from './options.ts';
import type { Samples } from './rounds.ts';

/** CPU time per request, each as a ratio to the floor of the same rounds. */
export type Ratios = Readonly<Record<string, number>>;

export interface Released {
  readonly date: string;
  readonly machine: string;
  readonly cpuToFloor: Ratios;
}

const RELEASED_FILE = packageFile('bench/released.json');

/** What is released of a bench. */
export const JUDGED = ['bare', 'secure', 'bareLegacy'] as const satisfies readonly TargetKey[];

export const readReleased = (): Released => JSON.parse(readFileSync(RELEASED_FILE, 'utf8'));

/** Of targets that were driven, to three digits. */
export const ratiosOf = (samples: Samples): Ratios =>
  Object.fromEntries(
    JUDGED.flatMap((name) => {
      const ratio = ratioOf(samples, NAMES[name], NAMES.floor, 'cpuUsPerRequest');
      return ratio === undefined ? [] : [[name, Number(ratio.median.toFixed(3))]];
    }),
  );

/** What is to be released; undefined unless all was driven that is judged. */
export const releasedOf = (samples: Samples, date: string, machine: string): Released | undefined => {
  const cpuToFloor = ratiosOf(samples);
  return JUDGED.every((name) => cpuToFloor[name] !== undefined) ? { date, machine, cpuToFloor } : undefined;
};

/** From here on calls are judged by these. */
export const writeReleased = (released: Released): Promise<void> =>
  writeFile(RELEASED_FILE, `${JSON.stringify(released, undefined, 2)}\n`);

/** More than rounds differ by, less than a regression of 30 %. */
const MARGIN = 1.25;

/**
 * What costs less than was released, by as much, in every attempt: of that a regression of 30 % is not seen any more
 * until it is released anew.
 */
export const improvements = ({ cpuToFloor }: Released, attempts: readonly Ratios[]): readonly string[] =>
  Object.entries(cpuToFloor).flatMap(([name, released]) =>
    attempts.every((ratios) => (ratios[name] ?? Number.NaN) * MARGIN < released) ? [name] : [],
  );

/** What costs more than was released, by more than the margin, in every attempt. */
export const regressions = ({ cpuToFloor }: Released, attempts: readonly Ratios[]): readonly string[] =>
  Object.entries(cpuToFloor).flatMap(([name, released]) =>
    attempts.every((ratios) => !((ratios[name] ?? Number.NaN) <= released * MARGIN)) ? [name] : [],
  );
