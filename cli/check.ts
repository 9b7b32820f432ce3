/** `gatewright check`: compiles the configuration and reports every finding. Serves and changes nothing. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CompileResult } from '../compiler/compile.ts';
import { applyFixes } from '../compiler/diagnostics/apply-fixes.ts';
import { renderJson } from '../compiler/diagnostics/render/json.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { parseArguments } from './arguments.ts';
import { compileAt, readFrom } from './compile-at.ts';
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
  readonly fix: boolean;
}

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, CHECK, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  return { project, format: values.format, denyWarnings: values['deny-warnings'], fix: values.fix };
};

/** Writes the files that fixes change; how many fixes there were. */
const fixFiles = (result: CompileResult, cwd: string): number => {
  const read = readFrom(cwd);
  let count = 0;
  for (const { path } of result.sources) {
    const bytes = read(path);
    if (!bytes) continue;
    const whole = bytes.toString('utf8');
    // Places are counted without a byte order mark.
    const mark = whole.startsWith('\ufeff') ? '\ufeff' : '';
    const { text, applied } = applyFixes(path, whole.slice(mark.length), result.diagnostics);
    if (applied > 0) writeFileSync(resolve(cwd, path), mark + text);
    count += applied;
  }
  return count;
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
    let result = compileAt(options.project, io.cwd);
    const fixed = options.fix ? fixFiles(result, io.cwd) : 0;
    if (fixed > 0) {
      result = compileAt(options.project, io.cwd);
      io.err(`fixed ${fixed} ${fixed === 1 ? 'finding' : 'findings'}\n`);
    }
    io.out(render(result, options, io));
    return isFailure(result, options) ? FINDINGS : OK;
  } catch (error) {
    io.err(`error: ${(error as Error).message}\n`);
    return IO_ERROR;
  }
};
