/** A command of its two parts: what takes its arguments apart, and what does as they say. */
import { IO_ERROR, USAGE_ERROR } from './exit-code.ts';
import type { Command, CommandIo } from './io.ts';
import { KeyFileError } from './key-file.ts';
import { type CommandManual, usageLine } from './manual/manual.ts';

export interface CommandParts<Options> {
  readonly name: string;
  readonly manual: CommandManual;
  /** What is wrong with the arguments, if anything is. */
  readonly parseOptions: (args: readonly string[], cwd: string) => Options | string;
  /** Resolves to the exit code. What it throws fails the command; a KeyFileError is a wrong argument. */
  readonly run: (options: Options, io: CommandIo) => number | Promise<number>;
}

export const commandOf =
  <Options extends object>({ name, manual, parseOptions, run }: CommandParts<Options>): Command =>
  async (args, io) => {
    const options = parseOptions(args, io.cwd);
    if (typeof options === 'string') {
      io.err(`error: ${options}\n${usageLine(name, manual)}\n`);
      return USAGE_ERROR;
    }
    try {
      return await run(options, io);
    } catch (error) {
      io.err(`error: ${(error as Error).message}\n`);
      return error instanceof KeyFileError ? USAGE_ERROR : IO_ERROR;
    }
  };
