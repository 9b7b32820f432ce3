/** `gatewright migrate`: the latest version of the language. Changes spellings and nothing else. */
import { migrate as migrateText } from '../compiler/migrate/migrate.ts';
import { parseArguments } from './arguments.ts';
import { configurationFiles } from './configuration-files.ts';
import type { Command } from './io.ts';
import { usageLine } from './manual/manual.ts';
import { MIGRATE } from './manual/migrate.ts';
import { type Rewritten, rewriteFiles } from './rewrite-files.ts';

const rewrite = (path: string, text: string): Rewritten => {
  const migrated = migrateText(path, text);
  if (migrated.kind !== 'migrated') return migrated;
  const notes = migrated.changes.map(
    ({ line, before, after }) => `${path}:${line}: \`${before}\` is \`${after}\` now`,
  );
  return { kind: 'text', text: migrated.text, notes };
};

/** Exit code 0, 1 for what is refused or with `--check` has to be changed, 2 for the usage, 3 if a file fails. */
export const migrate: Command = async (args, io) => {
  const parsed = parseArguments(args, MIGRATE, Number.POSITIVE_INFINITY);
  if (typeof parsed === 'string') {
    io.err(`error: ${parsed}\n${usageLine('migrate', MIGRATE)}\n`);
    return 2;
  }
  const { check, diff } = parsed.values;
  const rewriting = { rewrite, check, diff, done: 'is migrated', due: 'has to be migrated' };
  try {
    return rewriteFiles(configurationFiles(parsed.positionals, io), rewriting, io);
  } catch (error) {
    io.err(`error: ${(error as Error).message}\n`);
    return 3;
  }
};
