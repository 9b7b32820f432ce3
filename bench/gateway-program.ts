/** Which program the gateway is: the bundle or the sources. */
import { existsSync } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUNDLE = 'dist/gatewright.js';
const SOURCES = '{schema,policies,compiler,runtime,cli}/**/*.ts';

/** The absolute path of a file of this package. */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What is started, relative to the package: the bundle where it was built, else the entry that runs the sources. */
export const gatewayProgram = (): string => (existsSync(packageFile(BUNDLE)) ? BUNDLE : 'bin/gatewright.mjs');

/** Whether `program` is a bundle that is older than a source. */
export const isStale = async (program: string): Promise<boolean> => {
  if (program !== BUNDLE) return false;
  const { mtimeMs: builtMs } = await stat(packageFile(BUNDLE));
  for await (const source of glob(SOURCES, { cwd: ROOT }))
    if ((await stat(packageFile(source))).mtimeMs > builtMs) return true;
  return false;
};
