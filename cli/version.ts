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

export const version: Command = async (_args, io) => {
  io.out(`gatewright ${packageVersion()} (Node.js ${process.version})\n`);
  return 0;
};
