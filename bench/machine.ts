/** The machine and the versions that figures belong to. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { packageFile } from './gateway-program.ts';
import { nginxVersion } from './nginx.ts';

/** One line: processor, cores, memory, kernel, Node.js, undici, nginx. */
export const describeMachine = (): string => {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(packageFile('node_modules/undici/package.json'), 'utf8'));
  return [
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node.js ${process.versions.node}`,
    `undici ${version}`,
    `nginx ${nginxVersion() ?? 'not installed'}`,
  ].join('; ');
};
