/** `gatewright init`: writes a configuration to begin with. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArguments } from './arguments.ts';
import { IO_ERROR, OK, USAGE_ERROR } from './exit-code.ts';
import { FIRST_CONFIGURATION } from './first-configuration.ts';
import type { Command } from './io.ts';
import { INIT } from './manual/init.ts';
import { usageLine } from './manual/manual.ts';

const REFUSED = 1;

const STANDARD_OUTPUT = '-';

/** Exit code 0, 1 if there is such a file already, 2 for the usage, 3 if it cannot be written. */
export const init: Command = async (args, io) => {
  const parsed = parseArguments(args, INIT, 1);
  if (typeof parsed === 'string') {
    io.err(`error: ${parsed}\n${usageLine('init', INIT)}\n`);
    return USAGE_ERROR;
  }
  const [file = 'gateway.yaml'] = parsed.positionals;
  if (parsed.values.stdout || file === STANDARD_OUTPUT) {
    io.out(FIRST_CONFIGURATION);
    return OK;
  }
  try {
    writeFileSync(resolve(io.cwd, file), FIRST_CONFIGURATION, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      io.err(`error: cannot write ${file}: ${code ?? message}\n`);
      return IO_ERROR;
    }
    io.err(`error: there is \`${file}\` already, and it stays as it is\n`);
    io.err('       name another file, or look at what would be written with --stdout\n');
    return REFUSED;
  }
  io.err(`wrote ${file}; \`gatewright run${file === 'gateway.yaml' ? '' : ` ${file}`}\` serves it\n`);
  return OK;
};
