/**
 * `npm run rootfs -- <folder> [<dist>]`: the whole file system of a container, for `FROM scratch`: Node.js with the libraries
 * that it loads, dist/, certificates of public authorities, and nothing else: no shell, no package manager, no tool.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where Debian and others keep the certificates of public authorities. */
const CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Nobody in particular: any other id that is not 0 will do. */
const UID = 1001;

const FOLDERS = ['app/dist', 'bin', 'etc/gatewright', 'etc/ssl/certs', 'lib64', 'tmp', 'var/lib/gatewright'];

/** The files that the loader would map for a program, as the loader names them. */
const librariesOf = (program: string): readonly string[] =>
  execFileSync('ldd', [program], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);

const copy = (from: string, to: string, mode: number): void => {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to);
  chmodSync(to, mode);
};

const addNode = (folder: string): void => {
  const node = join(root, 'node_modules/node/bin/node');
  const program = join(folder, 'bin/node');
  copy(node, program, 0o755);
  execFileSync('strip', ['--strip-unneeded', program]);
  for (const library of librariesOf(node)) copy(library, join(folder, library), 0o755);
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

const [target, dist = join(root, 'dist'), ...rest] = process.argv.slice(2);
if (target === undefined || rest.length > 0) {
  console.error('usage: npm run rootfs -- <folder> [<dist>]');
  process.exit(2);
}
const folder = resolve(target);
if (existsSync(folder) && readdirSync(folder).length > 0) {
  console.error(`error: ${target} is not empty`);
  process.exit(1);
}
for (const each of FOLDERS) mkdirSync(join(folder, each), { recursive: true });
addNode(folder);
addGatewright(folder, resolve(dist));
const certificates = CERTIFICATES.find(existsSync);
if (certificates === undefined) throw new Error('this machine has no certificates of public authorities');
copy(certificates, join(folder, 'etc/ssl/certs/ca-certificates.crt'), 0o644);
writeFileSync(join(folder, 'etc/passwd'), `gatewright:x:${UID}:${UID}::/:/nonexistent\n`);
chmodSync(join(folder, 'tmp'), 0o1777);
console.log(`${target}: for \`podman build -f deploy/Containerfile\``);
