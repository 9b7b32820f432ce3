/** `gatewright compile`: the configuration as an artifact, in a file. */
import type { KeyObject } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { isArtifact } from '../compiler/artifact/read-artifact.ts';
import { signArtifact } from '../compiler/artifact/signature.ts';
import type { CompileResult } from '../compiler/compile.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { emitArtifact } from '../compiler/emit/artifact.ts';
import { writeWhole } from '../runtime/write-whole.ts';
import { signatureFileOf } from '../schema/artifact-signature.ts';
import { parseArguments } from './arguments.ts';
import { commandOf } from './command-of.ts';
import { compileAt, readFrom } from './compile-at.ts';
import { FINDINGS, OK, USAGE_ERROR } from './exit-code.ts';
import type { CommandIo } from './io.ts';
import { signingKeyAt } from './key-file.ts';
import { COMPILE } from './manual/compile.ts';
import { type Project, projectOf } from './project-options.ts';
import { packageVersion } from './version.ts';

const STANDARD_OUTPUT = '-';

interface Options {
  readonly project: Project;
  readonly output: string;
  readonly sign: string | undefined;
  readonly denyWarnings: boolean;
}

const outputBeside = (main: string): string => `${main.replace(/\.(ya?ml|json)$/, '')}.artifact.json`;

const parseOptions = (args: readonly string[]): Options | string => {
  const parsed = parseArguments(args, COMPILE, 1);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const project = projectOf(positionals, values);
  if (typeof project === 'string') return project;
  const { output = outputBeside(project.main), sign } = values;
  if (output === '') return '`--output` needs the name of a file';
  if (output === STANDARD_OUTPUT && sign !== undefined)
    return 'a signature is written beside the artifact: name a file with `--output`';
  return { project, output, sign, denyWarnings: values['deny-warnings'] };
};

const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** The file of the configuration that would be written over. */
const overwritten = ({ sources }: CompileResult, output: string, cwd: string): string | undefined => {
  const targets = [output, signatureFileOf(output)].map((path) => realPath(resolve(cwd, path)));
  return sources
    .filter(({ sha256 }) => sha256 !== undefined)
    .find(({ path }) => targets.includes(realPath(resolve(cwd, path))))?.path;
};

const tellFindings = ({ diagnostics }: CompileResult, { main }: Project, io: CommandIo): void => {
  if (diagnostics.length === 0) return;
  const read = readFrom(io.cwd);
  const textOf = (path: string) => {
    const bytes = read(path);
    return bytes && new TextDecoder().decode(bytes);
  };
  io.err(renderPretty(main, diagnostics, { textOf, color: io.color }));
};

const write = async (
  text: string,
  output: string,
  key: KeyObject | undefined,
  cwd: string,
): Promise<void> => {
  const path = resolve(cwd, output);
  await writeWhole(path, text);
  if (key) await writeWhole(signatureFileOf(path), signArtifact(Buffer.from(text), key));
};

const compileTo = async (options: Options, io: CommandIo): Promise<number> => {
  const { project, output, sign, denyWarnings } = options;
  const key = sign === undefined ? undefined : signingKeyAt(sign, io.cwd);
  const main = readFrom(io.cwd)(project.main);
  if (main && isArtifact(main)) {
    io.err(`error: \`${project.main}\` is compiled already\n`);
    return USAGE_ERROR;
  }
  const result = compileAt(project, io.cwd);
  tellFindings(result, project, io);
  const { compiled, diagnostics } = result;
  if (compiled === undefined || (denyWarnings && diagnostics.length > 0)) return FINDINGS;
  const text = emitArtifact({ compiled, places: result.places(), compilerVersion: packageVersion() });
  if (output === STANDARD_OUTPUT) {
    io.out(text);
    return OK;
  }
  const source = overwritten(result, output, io.cwd);
  if (source !== undefined) {
    io.err(`error: \`${output}\` would be written over \`${source}\`, which is compiled into it\n`);
    return USAGE_ERROR;
  }
  await write(text, output, key, io.cwd);
  io.out(`${output}: ${compiled.hash}${key === undefined ? '' : `, signed in ${signatureFileOf(output)}`}\n`);
  if (key === undefined && existsSync(resolve(io.cwd, signatureFileOf(output))))
    io.err(`warning: \`${signatureFileOf(output)}\` is there and is of another compile\n`);
  return OK;
};

/** Exit code 0 if the artifact was written, 1 for findings, 2 for the usage, 3 if a file fails. */
export const compile = commandOf({ name: 'compile', manual: COMPILE, parseOptions, run: compileTo });
