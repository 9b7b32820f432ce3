/** What a call cost when figures were last taken on a quiet machine, and whether it costs much more now. */
import { readFileSync } from 'node:fs';
import { packageFile } from './gateway-program.ts';

/** CPU time per request, each as a ratio to the floor of the same rounds. */
export type Ratios = Readonly<Record<string, number>>;

export interface Released {
  readonly date: string;
  readonly machine: string;
  readonly cpuToFloor: Ratios;
}

export const RELEASED_FILE = packageFile('bench/released.json');

export const readReleased = (): Released => JSON.parse(readFileSync(RELEASED_FILE, 'utf8'));

/** More than rounds differ by, less than a regression of 30 %. */
const MARGIN = 1.25;

/** What costs more than was released, by more than the margin, in every attempt. */
export const regressions = ({ cpuToFloor }: Released, attempts: readonly Ratios[]): readonly string[] =>
  Object.entries(cpuToFloor).flatMap(([name, released]) =>
    attempts.every((ratios) => !((ratios[name] ?? Number.NaN) <= released * MARGIN)) ? [name] : [],
  );
