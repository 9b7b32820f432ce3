/** Files of tests that the arguments name. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const SUFFIX = '.test.yaml';
/** Folders that hold other people's files. */
const SKIPPED = new Set(['node_modules']);
const MAX_DEPTH = 16;

const below = (folder: string, shown: string, depth: number): readonly string[] => {
  if (depth > MAX_DEPTH) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const { name } = entry;
    const path = shown === '' ? name : join(shown, name);
    if (entry.isFile() && name.endsWith(SUFFIX)) return [path];
    if (!entry.isDirectory() || name.startsWith('.') || SKIPPED.has(name)) return [];
    return below(join(folder, name), path, depth + 1);
  });
};

/**
 * Paths of files of tests, relative as they were named, each once. @throws Error in words for a name that is nothing.
 */
export const findTestFiles = (named: readonly string[], cwd: string): readonly string[] => {
  const found = (named.length === 0 ? [''] : named).flatMap((name) => {
    const path = resolve(cwd, name);
    if (!existsSync(path)) throw new Error(`\`${name}\` does not exist`);
    return statSync(path).isDirectory() ? below(path, name === '.' ? '' : name, 0) : [name];
  });
  return [...new Set(found)];
};

const CONFIGURATION = 'gateway.yaml';

/** The configuration that a file of tests is about. */
export const configurationFor = (file: string, cwd: string): string => {
  const beside = join(dirname(file), CONFIGURATION);
  return existsSync(resolve(cwd, beside)) ? beside : CONFIGURATION;
};
