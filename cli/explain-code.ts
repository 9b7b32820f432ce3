/** `gatewright explain-code`: prints the page of a diagnostic. */
import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../compiler/diagnostics/catalogue.ts';
import { nearest } from '../compiler/diagnostics/nearest.ts';
import { parseArguments } from './arguments.ts';
import { IO_ERROR, OK, USAGE_ERROR } from './exit-code.ts';
import type { Command } from './io.ts';
import { EXPLAIN_CODE } from './manual/explain-code.ts';
import { usageLine } from './manual/manual.ts';
import { packageFile } from './package-file.ts';

const UNKNOWN = 1;

/** Exit code 0, 1 if there is no such code, 2 for the usage, 3 if the page cannot be read. */
export const explainCode: Command = async (args, io) => {
  const parsed = parseArguments(args, EXPLAIN_CODE, 1);
  const problem =
    typeof parsed === 'string' ? parsed : parsed.positionals.length === 0 ? 'name a code' : undefined;
  if (typeof parsed === 'string' || problem !== undefined) {
    io.err(`error: ${problem}\n${usageLine('explain-code', EXPLAIN_CODE)}\n`);
    return USAGE_ERROR;
  }
  const [wanted = ''] = parsed.positionals;
  const code = /^\d{4}$/.test(wanted) ? `GW${wanted}` : wanted.toUpperCase();
  if (!Object.hasOwn(CATALOGUE, code)) {
    const near = nearest(code, Object.keys(CATALOGUE));
    io.err(`error: unknown code \`${wanted}\`${near === undefined ? '' : `; did you mean \`${near}\`?`}\n`);
    return UNKNOWN;
  }
  try {
    io.out(readFileSync(packageFile(`docs/diagnostics/${code}.md`), 'utf8'));
    return OK;
  } catch (error) {
    const { code: reason, message } = error as NodeJS.ErrnoException;
    const { title } = CATALOGUE[code as keyof typeof CATALOGUE];
    const without = `the page of ${code} (${title}) is not here: an image has no documentation, the package has it`;
    io.err(`error: ${reason === 'ENOENT' ? without : message}\n`);
    return IO_ERROR;
  }
};
