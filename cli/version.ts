/** `gatewright version`. */
import { readFileSync } from 'node:fs';
import type { Command } from './io.ts';
import { packageFile } from './package-file.ts';

/** The version of this package, e.g. `0.1.0`. */
export const packageVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return '0.0.0';
};

/** Exit code 0, or 2 if there are arguments. */
export const version: Command = async (args, io) => {
  if (args.length > 0) {
    io.err('usage: gatewright version\n');
    return 2;
  }
  io.out(`gatewright ${packageVersion()} (Node.js ${process.version})\n`);
  return 0;
};
