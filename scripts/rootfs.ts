/**
 * `npm run rootfs -- <folder> [<dist>] [--base <file>]`: the whole file system of a container, for `FROM scratch`: Node.js
 * with the libraries that it loads, dist/ and its bytecode, certificates of public authorities, and nothing else: no
 * shell, no package manager, no tool. Node.js and libraries have to be what deploy/base.json pins, byte for byte.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { getCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NODE_PATH, type Part, partsHere } from './base/parts.ts';
import { BASE_FILE, differences, readBase } from './base/pin.ts';
import { writeBytecode } from './bytecode.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Nobody in particular: any other id that is not 0 will do. */
const UID = 1001;

const FOLDERS = ['app/dist', 'bin', 'etc/gatewright', 'etc/ssl/certs', 'lib64', 'tmp', 'var/lib/gatewright'];

const write = (to: string, bytes: string | Buffer, mode: number): void => {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
  chmodSync(to, mode);
};

const copy = (from: string, to: string, mode: number): void => {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
  chmodSync(to, mode);
};

/** What was held to its digest is what is written. */
const addBase = (folder: string, parts: readonly Part[]): void => {
  for (const { path, bytes } of parts) write(join(folder, path), bytes, 0o755);
  execFileSync('strip', ['--strip-unneeded', join(folder, NODE_PATH)]);
  // Those that Node.js brings along: pinned with it.
  const certificates = getCACertificates('bundled').join('\n');
  write(join(folder, 'etc/ssl/certs/ca-certificates.crt'), `${certificates}\n`, 0o644);
};

const addGatewright = (folder: string, dist: string): void => {
  if (!existsSync(join(dist, 'gatewright.js')))
    throw new Error(`nothing is built in ${dist}: run \`npm run build\` first`);
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8', withFileTypes: true });
  for (const file of files)
    if (file.isFile() && !file.parentPath.includes('.compile-cache')) {
      const path = join(file.parentPath, file.name);
      copy(path, join(folder, 'app/dist', relative(dist, path)), 0o644);
    }
  copy(join(root, 'package.json'), join(folder, 'app/package.json'), 0o644);
};

const refuse = (code: number, ...lines: readonly string[]): never => {
  for (const line of lines) console.error(line);
  process.exit(code);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { base: { type: 'string', default: BASE_FILE } },
});
const [target, dist = join(root, 'dist'), ...rest] = positionals;
if (target === undefined || rest.length > 0)
  refuse(2, 'usage: npm run rootfs -- <folder> [<dist>] [--base <file>]');
const folder = resolve(target!);
if (existsSync(folder) && readdirSync(folder).length > 0) refuse(1, `error: ${target} is not empty`);
const parts = partsHere();
const other = differences(readBase(values.base), parts);
if (other.length > 0)
  refuse(
    1,
    `error: the base is not what ${values.base} pins`,
    ...other.map((line) => `  ${line}`),
    'See what has changed; `npm run base -- pin` pins what is here.',
  );
for (const each of FOLDERS) mkdirSync(join(folder, each), { recursive: true });
addBase(folder, parts);
addGatewright(folder, resolve(dist));
await writeBytecode(
  join(folder, 'bin/node'),
  join(folder, 'app/dist/gatewright.js'),
  join(folder, 'app/bytecode'),
);
writeFileSync(join(folder, 'etc/passwd'), `gatewright:x:${UID}:${UID}::/:/nonexistent\n`);
chmodSync(join(folder, 'tmp'), 0o1777);
console.log(`${target}: for \`podman build -f deploy/Containerfile\``);
