/** `gatewright check`: compiles the configuration and reports every finding. Serves and changes nothing. */
import { resolve } from 'node:path';
import type { CompileResult } from '../compiler/compile.ts';
import type { Daring } from '../compiler/diagnostics/apply-fixes.ts';
import { counted } from '../compiler/diagnostics/entry.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { compileAt, inputAt } from './compile-at.ts';
import { FINDINGS, OK } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { CHECK } from './manual/check.ts';
import { type Project, projectOf } from './project-options.ts';
import { type FindingsFormat, renderFindings } from './render-findings.ts';

interface Options {
  readonly project: Project;
  readonly format: FindingsFormat;
  readonly denyWarnings: boolean;
  readonly maxWarnings: number | undefined;
  readonly fixes: Daring | 'none';
  readonly dryRun: boolean;
  readonly online: boolean;
}

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, CHECK, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  if (values['dry-run'] && !values.fix && !values['fix-guesses']) return '`--dry-run` goes with `--fix`';
  const maxWarnings = values['max-warnings'];
  if (maxWarnings !== undefined && !/^\d{1,9}$/.test(maxWarnings))
    return `--max-warnings takes a number, not \`${maxWarnings}\``;
  return {
    project,
    format: values.format as FindingsFormat,
    maxWarnings: maxWarnings === undefined ? undefined : Number(maxWarnings),
    denyWarnings: values['deny-warnings'],
    dryRun: values['dry-run'],
    online: values.online,
    fixes: values['fix-guesses'] ? 'maybe' : values.fix ? 'always' : 'none',
  };
};

/** Mends the files that can be mended, and says how many findings that were. */
const fixFiles = async (project: Project, daring: Daring, io: CommandIo): Promise<CompileResult> => {
  const { mend } = await import('../compiler/mend.ts');
  const { replaceFile } = await import('./replace-file.ts');
  const { files, applied, result } = mend(inputAt(project, io.cwd), daring);
  for (const [path, text] of files) replaceFile(resolve(io.cwd, path), text);
  if (applied > 0) io.err(`fixed ${counted(applied, 'finding')}\n`);
  return result;
};

/** Shows what would be mended, and writes nothing. */
const showFixes = async (project: Project, daring: Daring, io: CommandIo): Promise<number> => {
  const { mend } = await import('../compiler/mend.ts');
  const { textDiff } = await import('./text-diff.ts');
  const input = inputAt(project, io.cwd);
  const { files, applied } = mend(input, daring);
  for (const [path, text] of files) io.out(textDiff(path, new TextDecoder().decode(input.read(path)), text));
  io.err(`would fix ${counted(applied, 'finding')}\n`);
  return applied > 0 ? FINDINGS : OK;
};

/** How many warnings there may be; undefined for any number. */
const warningsAllowed = ({ denyWarnings, maxWarnings }: Options): number | undefined =>
  denyWarnings ? 0 : maxWarnings;

const report = async (result: CompileResult, options: Options, io: CommandIo): Promise<number> => {
  const warnings = result.diagnostics.filter(({ severity }) => severity === 'warning').length;
  const allowed = warningsAllowed(options);
  const isOver = allowed !== undefined && warnings > allowed;
  const fails = ({ severity }: Diagnostic) => severity === 'error' || isOver;
  const { project, format } = options;
  io.out(await renderFindings(result, { main: project.main, format, fails }, io));
  if (isOver) io.err(`error: ${counted(warnings, 'warning')}, and at most ${allowed} may be there\n`);
  return result.diagnostics.some(fails) ? FINDINGS : OK;
};

const run = async (options: Options, io: CommandIo): Promise<number> => {
  const { project, fixes } = options;
  if (options.dryRun && fixes !== 'none') return showFixes(project, fixes, io);
  const result = fixes === 'none' ? compileAt(project, io.cwd) : await fixFiles(project, fixes, io);
  if (!options.online) return report(result, options, io);
  const { checkOnline } = await import('./check-online.ts');
  const found = await checkOnline(result, project.main, io);
  const { settleLater } = await import('../compiler/settle.ts');
  const diagnostics = result.composed === undefined ? found : settleLater(result.composed, found);
  return report({ ...result, diagnostics }, options, io);
};

/** Exit code 0 without errors, 1 with errors (or warnings that are denied), 2 for the usage, 3 if a file fails. */
export const check = commandOf({ name: 'check', manual: CHECK, parseOptions, run });
