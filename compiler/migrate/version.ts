/** The version of the language that a file says it is in. */
import type { SourceMap, SourceScalar } from '../source/tree.ts';
import type { Codemod } from './codemod.ts';

/** The version that this program writes. */
export const LATEST_VERSION = 1;

const SPELT = /^v?(\d{1,6})(?:\.0+)?$/i;

const scalarIn = ({ entries }: SourceMap): SourceScalar | undefined => {
  const value = entries.get('version')?.value;
  return value?.kind === 'scalar' ? value : undefined;
};

/** The number, however it is spelt; `none` if there is none, as in an included file, `unknown` if it is no number. */
export const versionOf = (root: SourceMap): number | 'none' | 'unknown' => {
  if (!root.entries.has('version')) return 'none';
  const scalar = scalarIn(root);
  const digits = scalar && SPELT.exec(String(scalar.value))?.[1];
  return digits === undefined ? 'unknown' : Number(digits);
};

/** `version: "1"`, `1.0` and `v1` as the number that they mean. */
export const respellVersion: Codemod = (root) => {
  const [scalar, version] = [scalarIn(root), versionOf(root)];
  if (!scalar || typeof version !== 'number' || scalar.written === String(version)) return [];
  return [{ place: scalar.place, text: String(version) }];
};
