/** `gatewright verify`: whether an artifact is whole and signed by a trusted key. */
import { compile } from '../compiler/compile.ts';
import { renderPretty } from '../compiler/diagnostics/render/pretty.ts';
import { parseArguments } from './arguments.ts';
import { inputAt, readFrom } from './compile-at.ts';
import { FINDINGS, IO_ERROR, OK, USAGE_ERROR } from './exit-code.ts';
import type { Command, CommandIo } from './io.ts';
import { KeyFileError, verifyingKeyAt } from './key-file.ts';
import { usageLine } from './manual/manual.ts';
import { VERIFY } from './manual/verify.ts';

const verifyAt = (artifact: string, keys: readonly string[], io: CommandIo): number => {
  const trust = keys.map((key) => verifyingKeyAt(key, io.cwd));
  const { compiled, diagnostics } = compile({
    ...inputAt({ main: artifact, overlays: [] }, io.cwd),
    trust,
  });
  if (compiled === undefined) {
    const read = readFrom(io.cwd);
    const textOf = (path: string) => read(path)?.toString('utf8');
    io.err(renderPretty(artifact, diagnostics, { textOf, color: io.color }));
    return FINDINGS;
  }
  io.out(`${artifact}: ${compiled.hash}, whole and signed by a trusted key\n`);
  return OK;
};

/** Exit code 0 if all is right, 1 if anything is not, 2 for the usage and for keys that are none, 3 if a file fails. */
export const verify: Command = async (args, io) => {
  const parsed = parseArguments(args, VERIFY, 1);
  const misuse = (problem: string): number => {
    io.err(`error: ${problem}\n${usageLine('verify', VERIFY)}\n`);
    return USAGE_ERROR;
  };
  if (typeof parsed === 'string') return misuse(parsed);
  const { positionals, values } = parsed;
  const [artifact] = positionals;
  if (artifact === undefined) return misuse('name an artifact');
  if (values.key === undefined) return misuse('name a key that you trust with `--key`');
  try {
    return verifyAt(artifact, values.key, io);
  } catch (error) {
    io.err(`error: ${(error as Error).message}\n`);
    return error instanceof KeyFileError ? USAGE_ERROR : IO_ERROR;
  }
};
