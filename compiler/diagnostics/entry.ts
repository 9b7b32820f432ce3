/** What the catalogue says about one code. */
import type { Severity } from '../../schema/diagnostic.ts';

/** `D` is the data of a finding, known where it is found; all words about it are made here. */
export interface Entry<D> {
  readonly severity: Severity;
  /** Title of its page. */
  readonly title: string;
  readonly message: (data: D) => string;
  /** Printed under the place. */
  readonly label?: (data: D) => string | undefined;
  /** What to do; undefined ones are left out. */
  readonly help?: (data: D) => readonly (string | undefined)[];
  /** Why it is so; undefined ones are left out. */
  readonly note?: (data: D) => readonly (string | undefined)[];
  /** A posture finding: `# gatewright-ignore` lowers it. */
  readonly lowerable?: true;
  /** Severity in the profile `development`, where it differs. */
  readonly inDevelopment?: Severity;
}

/** Whether the level of its findings may be changed: they are warnings, or of posture. */
export const isAdjustable = ({
  severity,
  lowerable,
}: Pick<Entry<never>, 'severity' | 'lowerable'>): boolean => severity === 'warning' || lowerable === true;

export const entry = <D>(definition: Entry<D>): Entry<D> => definition;

/** `did you mean …?`, if there is something near. */
export const didYouMean = (nearest: string | undefined): string | undefined =>
  nearest === undefined ? undefined : `did you mean \`${nearest}\`?`;

/** `` `a`, `b` or `c` ``. */
export const oneOfWords = (words: readonly string[]): string => {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
};

/** `1 item`, `2 items`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
