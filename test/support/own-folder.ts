/** A folder of each test's own, with the files that all tests of a file begin with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

export interface OwnFolder {
  /** Another one in each test. */
  readonly path: string;
  write(name: string, text: string): void;
}

/** To be called where hooks are set. */
export const ownFolder = (files: Readonly<Record<string, string>> = {}): OwnFolder => {
  let path = '';
  const write = (name: string, text: string): void => writeFileSync(join(path, name), text);
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'gatewright-'));
    for (const [name, text] of Object.entries(files)) write(name, text);
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    write,
  };
};
