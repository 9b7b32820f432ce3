/** The licences of packages that are bundled: most ask that their text goes along with the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The package folder that a bundled file lies in; undefined for files of this repository. */
const packageFolder = (file: string): string | undefined =>
  /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];

const licenceText = (root: string, folder: string): string => {
  const {
    name,
    version,
    license = 'unknown',
  }: Manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const files = readdirSync(join(root, folder)).filter((file) => LICENCE_FILE.test(file));
  const texts = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
};

/** One text with the licences of every package that `files` (relative to `root`) come from. */
export const bundledLicences = (root: string, files: readonly string[]): string => {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== undefined));
  const texts = [...folders].sort().map((folder) => licenceText(root, folder));
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
};
