/** The base of images, pinned: which bytes it consists of. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digestOf, type Part } from './parts.ts';

export const BASE_FILE = fileURLToPath(new URL('../../deploy/base.json', import.meta.url));

export interface Base {
  /** Of Node.js, as `26.10.0`. */
  readonly node: string;
  /** As Node.js names them: `linux-x64`. */
  readonly platform: string;
  /** Digests by the path in the image. */
  readonly files: Readonly<Record<string, string>>;
}

const PLATFORM = `${process.platform}-${process.arch}`;

export const readBase = (file: string): Base => JSON.parse(readFileSync(file, 'utf8')) as Base;

/** Pins what is here. */
export const pin = (file: string, parts: readonly Part[]): void => {
  const base: Base = {
    node: process.versions.node,
    platform: PLATFORM,
    files: Object.fromEntries(parts.map(({ path, bytes }) => [path, digestOf(bytes)])),
  };
  writeFileSync(file, `${JSON.stringify(base, undefined, 2)}\n`);
};

/** What is here otherwise than it is pinned, a line each; empty if nothing is. */
export const differences = (base: Base, parts: readonly Part[]): readonly string[] => {
  if (base.platform !== PLATFORM) return [`it is pinned for ${base.platform}, and this is ${PLATFORM}`];
  const here = new Map(parts.map(({ path, bytes }) => [path, digestOf(bytes)]));
  const gone = Object.keys(base.files).filter((path) => !here.has(path));
  return [
    ...[...here].flatMap(([path, digest]) => {
      const pinned = base.files[path];
      if (pinned === digest) return [];
      return pinned === undefined ? `${path} is not pinned` : `${path} is ${digest}, and ${pinned} is pinned`;
    }),
    ...gone.map((path) => `${path} is pinned, and not here`),
  ];
};
