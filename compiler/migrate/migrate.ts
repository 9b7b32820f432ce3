/** Brings a configuration file to the latest version of the language. Comments and layout stay as they are. */
import type { Diagnostic } from '../../schema/diagnostic.ts';
import { createFindings } from '../diagnostics/findings.ts';
import { readYaml } from '../source/read-yaml.ts';
import { lineIndexAt, sourceFile } from '../source/source-file.ts';
import type { Codemod, Edit } from './codemod.ts';
import { respellKeys } from './key-spelling.ts';
import { renameSections } from './section-names.ts';
import { LATEST_VERSION, respellVersion, versionOf } from './version.ts';

/** What brings a file from the version before to `to`; of the first, from spellings that were never of a version. */
interface Step {
  readonly to: number;
  readonly codemods: readonly Codemod[];
}

const STEPS: readonly Step[] = [{ to: 1, codemods: [respellVersion, renameSections, respellKeys] }];

export interface Change {
  /** Counted from 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

export type Migrated =
  | { readonly kind: 'migrated'; readonly text: string; readonly changes: readonly Change[] }
  | { readonly kind: 'faulty'; readonly diagnostics: readonly Diagnostic[] }
  /** The file is of a version that this program does not know. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A key that is spelt right lets what is below it be read: more than any file nests. */
const MAX_ROUNDS = 64;

/** Each edit once: what an alias stands for is met several times. */
const inOrder = (edits: readonly Edit[]): readonly Edit[] =>
  [...new Map(edits.map((edit) => [edit.place.start, edit])).values()].sort(
    (a, b) => a.place.start - b.place.start,
  );

const apply = (text: string, edits: readonly Edit[]): string => {
  let [changed, at] = ['', 0];
  for (const { place, text: replacement } of edits) {
    changed += text.slice(at, place.start) + replacement;
    at = place.end;
  }
  return changed + text.slice(at);
};

const changesOf = (edits: readonly Edit[]): readonly Change[] =>
  edits.map(({ place: { file, start, end }, text }) => ({
    line: lineIndexAt(file, start) + 1,
    before: file.text.slice(start, end),
    after: text,
  }));

const refusal = (version: number | 'none' | 'unknown'): string | undefined => {
  if (version === 'unknown') return '`version` is no version of the language';
  return typeof version === 'number' && version > LATEST_VERSION
    ? `it is of version ${version}, and this gatewright knows versions up to ${LATEST_VERSION}: use a newer one`
    : undefined;
};

const stepsFrom = (version: number | 'none' | 'unknown'): readonly Step[] =>
  STEPS.filter(({ to }) => typeof version !== 'number' || to >= Math.max(version, 1));

/** The text of `path` in the latest version, with what was changed. Pure. */
export const migrate = (path: string, text: string): Migrated => {
  let migrated = text;
  const changes: Change[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { report, all } = createFindings();
    const root = readYaml(sourceFile(path, migrated), report);
    if (!root || all().some(({ severity, code }) => severity === 'error' && code !== 'GW0011'))
      return { kind: 'faulty', diagnostics: all() };
    const version = versionOf(root);
    const reason = refusal(version);
    if (reason !== undefined) return { kind: 'refused', reason };
    const codemods = stepsFrom(version).flatMap((step) => step.codemods);
    const edits = inOrder(codemods.flatMap((codemod) => codemod(root)));
    if (edits.length === 0) break;
    changes.push(...changesOf(edits));
    migrated = apply(migrated, edits);
  }
  return { kind: 'migrated', text: migrated, changes };
};
