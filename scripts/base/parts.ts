/** What an image consists of beside Gatewright itself: Node.js and the libraries that it loads. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const NODE_PATH = '/bin/node';

const node = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules/node/bin/node');

/** The files that the loader would map for a program, as the loader names them. */
const librariesOf = (program: string): readonly string[] =>
  execFileSync('ldd', [program], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);

/** One file of the base: its path in the image, and its bytes here. */
export interface Part {
  readonly path: string;
  readonly bytes: Buffer;
}

export const partsHere = (): readonly Part[] => [
  { path: NODE_PATH, bytes: readFileSync(node) },
  ...librariesOf(node).map((path) => ({ path, bytes: readFileSync(realpathSync(path)) })),
];

export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
