/**
 * `node scripts/bootstrap.mjs <program> [arguments]`: installs what is missing and runs the program with the Node.js
 * of node_modules, whatever Node.js the machine has. Plain JavaScript that an old Node can parse.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const NODE_FLAGS = ['--max-semi-space-size=32'];

const readPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** Whether node_modules holds what package-lock.json says: npm leaves a lock of its own of what it installed. */
const isInstalled = () => {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(node) || !existsSync(installedLock)) return false;
  const installed = readPackages(installedLock);
  const wanted = readPackages(join(root, 'package-lock.json'));
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
};

/**
 * `npm install` rather than `npm ci`, which refuses a lock without the packages of other platforms; without saving,
 * it takes the versions of the lock and leaves the lock alone.
 */
const install = () => {
  console.error('gatewright: installing dependencies …');
  const isWindows = process.platform === 'win32';
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['install', ...options], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  });
  if (status !== 0 || !isInstalled()) {
    console.error('gatewright: the installation failed; see above.');
    process.exit(1);
  }
};

/** Becomes the program where the platform can, so that signals reach it directly; else stands in front of it. */
const run = (args) => {
  if (process.execve !== undefined && process.platform !== 'win32') {
    process.execve(node, [node, ...args], process.env);
    return;
  }
  const child = spawn(node, args, { cwd: process.cwd(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

const [program, ...rest] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node scripts/bootstrap.mjs <program> [arguments]');
  process.exit(2);
}
if (!isInstalled()) install();
run([...NODE_FLAGS, join(root, program), ...rest]);
