/** Files that are made from others and committed: written, or with `--check` compared. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const absolute = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const current = (path: string): string | undefined => {
  try {
    return readFileSync(absolute(path), 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Writes `files` (path below the repository → text). With `--check` among `argv` writes nothing, names those that
 * differ on standard error, and returns 1.
 */
export const emitGenerated = (
  files: ReadonlyMap<string, string>,
  argv: readonly string[],
  by: string,
): number => {
  const drifted = [...files].filter(([path, text]) => current(path) !== text);
  if (argv.includes('--check')) {
    for (const [path] of drifted) console.error(`${path} is not what \`npm run ${by}\` makes; run it`);
    return drifted.length > 0 ? 1 : 0;
  }
  for (const [path, text] of drifted) {
    mkdirSync(dirname(absolute(path)), { recursive: true });
    writeFileSync(absolute(path), text);
    console.log(path);
  }
  return 0;
};
