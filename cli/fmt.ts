/** `gatewright fmt`: the canonical layout. Changes nothing of what a file means. */
import { format } from '../compiler/fmt/format.ts';
import { parseArguments } from './arguments.ts';
import { configurationFiles } from './configuration-files.ts';
import type { Command } from './io.ts';
import { FMT } from './manual/fmt.ts';
import { usageLine } from './manual/manual.ts';
import { type Rewritten, rewriteFiles, rewriteStdin } from './rewrite-files.ts';

const rewrite = (path: string, text: string): Rewritten => {
  const formatted = format(path, text);
  switch (formatted.kind) {
    case 'formatted':
      return { kind: 'text', text: formatted.text };
    case 'faulty':
      return formatted;
    case 'kept':
      return { kind: 'refused', reason: 'it cannot be laid out without a change of what it says' };
  }
};

/** Exit code 0, 1 for what is no YAML or with `--check` for another layout, 2 for the usage, 3 if a file fails. */
export const fmt: Command = async (args, io) => {
  const parsed = parseArguments(args, FMT, Number.POSITIVE_INFINITY);
  const isMixed = typeof parsed !== 'string' && parsed.values.stdin && parsed.positionals.length > 0;
  if (typeof parsed === 'string' || isMixed) {
    const problem = typeof parsed === 'string' ? parsed : '`--stdin` takes no files';
    io.err(`error: ${problem}\n${usageLine('fmt', FMT)}\n`);
    return 2;
  }
  const { check, diff, stdin } = parsed.values;
  const rewriting = {
    rewrite,
    check,
    diff,
    done: 'is laid out',
    due: 'is not laid out in the canonical way',
  };
  try {
    return stdin
      ? rewriteStdin(rewriting, io)
      : rewriteFiles(configurationFiles(parsed.positionals, io), rewriting, io);
  } catch (error) {
    io.err(`error: ${(error as Error).message}\n`);
    return 3;
  }
};
