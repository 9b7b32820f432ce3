/** What `fmt` and `migrate` share: files are read, rewritten as texts, and written, shown or compared. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createFindings } from '../compiler/diagnostics/findings.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { decode } from '../compiler/source/decode.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import { readFrom } from './compile-at.ts';
import type { CommandIo } from './io.ts';
import { replaceFile } from './replace-file.ts';
import { textDiff } from './text-diff.ts';

const STDIN = '<standard input>';

export type Rewritten =
  /** `notes` tell each change of it. */
  | { readonly kind: 'text'; readonly text: string; readonly notes?: readonly string[] }
  | { readonly kind: 'faulty'; readonly diagnostics: readonly Diagnostic[] }
  /** The file stays as it is, for this reason. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface Rewriting {
  readonly rewrite: (path: string, text: string) => Rewritten;
  readonly check: boolean;
  readonly diff: boolean;
  /** Said of a file that changed, and of one that would. */
  readonly done: string;
  readonly due: string;
}

/** What came of one file: `changed` also where it would be. */
type Outcome = 'same' | 'changed' | 'refused';

const rewriteText = (
  path: string,
  bytes: Uint8Array | undefined,
  { rewrite }: Rewriting,
  io: CommandIo,
): { readonly before: string; readonly after: string; readonly notes: readonly string[] } | undefined => {
  const { report, all } = createFindings();
  const file = bytes && decode(path, bytes, report);
  const result: Rewritten = file
    ? rewrite(path, file.text)
    : bytes
      ? { kind: 'faulty', diagnostics: all() }
      : { kind: 'refused', reason: 'it cannot be read' };
  if (result.kind === 'text') return { before: file!.text, after: result.text, notes: result.notes ?? [] };
  if (result.kind === 'refused') io.err(`error: \`${path}\` is left as it is: ${result.reason}\n`);
  else {
    const textOf = () => bytes && new TextDecoder().decode(bytes);
    io.err(renderPretty(path, result.diagnostics, { textOf, color: io.color }));
  }
  return undefined;
};

const rewriteFile = (path: string, rewriting: Rewriting, io: CommandIo): Outcome => {
  const texts = rewriteText(path, readFrom(io.cwd)(path), rewriting, io);
  if (texts === undefined) return 'refused';
  const { before, after, notes } = texts;
  if (before === after) return 'same';
  const { check, diff, done, due } = rewriting;
  if (diff) io.out(textDiff(path, before, after));
  if (check) io.err(`\`${path}\` ${due}\n`);
  if (!diff) for (const note of notes) io.out(`${note}\n`);
  if (!check && !diff) {
    replaceFile(resolve(io.cwd, path), after);
    io.out(`\`${path}\` ${done}\n`);
  }
  return 'changed';
};

/** Exit code 1 if a file was refused, or with `check` if one would change. */
export const rewriteFiles = (paths: readonly string[], rewriting: Rewriting, io: CommandIo): number => {
  const outcomes = new Set(paths.map((path) => rewriteFile(path, rewriting, io)));
  return outcomes.has('refused') || (rewriting.check && outcomes.has('changed')) ? 1 : 0;
};

/** From standard input to standard output; nothing is written if the text is refused. */
export const rewriteStdin = (rewriting: Rewriting, io: CommandIo): number => {
  const texts = rewriteText(STDIN, readFileSync(0), rewriting, io);
  if (texts === undefined) return 1;
  const { before, after } = texts;
  const { check, diff, due } = rewriting;
  if (diff) io.out(before === after ? '' : textDiff(STDIN, before, after));
  else if (!check) io.out(after);
  if (check && before !== after) io.err(`\`${STDIN}\` ${due}\n`);
  return check && before !== after ? 1 : 0;
};
