/** `gatewright check`: compiles the configuration and reports every finding. Serves and changes nothing. */
import { resolve } from 'node:path';
import type { CompileResult } from '../compiler/compile.ts';
import type { Daring } from '../compiler/diagnostics/apply-fixes.ts';
import { renderJson } from '../compiler/diagnostics/render/json.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { parseArguments } from './arguments.ts';
import { compileAt, inputAt, readFrom } from './compile-at.ts';
import type { Command, CommandIo } from './io.ts';
import { CHECK } from './manual/check.ts';
import { usageLine } from './manual/manual.ts';
import { type Project, projectOf } from './project-options.ts';

const OK = 0;
const FINDINGS = 1;
const USAGE_ERROR = 2;
const IO_ERROR = 3;

interface Options {
  readonly project: Project;
  readonly format: string;
  readonly denyWarnings: boolean;
  readonly fixes: Daring | 'none';
}

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, CHECK, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  return {
    project,
    format: values.format,
    denyWarnings: values['deny-warnings'],
    fixes: values['fix-guesses'] ? 'maybe' : values.fix ? 'always' : 'none',
  };
};

/** Mends the files that can be mended, and says how many findings that were. */
const fixFiles = async (project: Project, daring: Daring, io: CommandIo): Promise<CompileResult> => {
  const { mend } = await import('../compiler/mend.ts');
  const { replaceFile } = await import('./replace-file.ts');
  const { files, applied, result } = mend(inputAt(project, io.cwd), daring);
  for (const [path, text] of files) replaceFile(resolve(io.cwd, path), text);
  if (applied > 0) io.err(`fixed ${applied} ${applied === 1 ? 'finding' : 'findings'}\n`);
  return result;
};

const render = (result: CompileResult, { project: { main }, format }: Options, io: CommandIo): string => {
  const { compiled, diagnostics } = result;
  if (format === 'json') return renderJson(main, diagnostics, compiled?.hash);
  const read = readFrom(io.cwd);
  const textOf = (path: string) => {
    const bytes = read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  return renderPretty(main, diagnostics, { textOf, color: io.color });
};

const isFailure = ({ diagnostics }: CompileResult, { denyWarnings }: Options): boolean =>
  diagnostics.some(({ severity }) => severity === 'error' || denyWarnings);

/** Exit code 0 without errors, 1 with errors (or warnings that are denied), 2 for the usage, 3 if a file fails. */
export const check: Command = async (args, io) => {
  const options = parseOptions(args);
  if (typeof options === 'string') {
    io.err(`error: ${options}\n${usageLine('check', CHECK)}\n`);
    return USAGE_ERROR;
  }
  try {
    const { project, fixes } = options;
    const result = fixes === 'none' ? compileAt(project, io.cwd) : await fixFiles(project, fixes, io);
    io.out(render(result, options, io));
    return isFailure(result, options) ? FINDINGS : OK;
  } catch (error) {
    io.err(`error: ${(error as Error).message}\n`);
    return IO_ERROR;
  }
};
