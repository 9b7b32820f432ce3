/** `npm run test:services`: tests against real programs that npm cannot supply. Installs nothing. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs that tests under test/services ask for, with what brings them. */
const PROGRAMS: readonly (readonly [program: string, install: string])[] = [
  ['nginx', 'apt-get install nginx'],
  ['dot', 'apt-get install graphviz'],
  ['strip', 'apt-get install binutils'],
  ['helm', 'go install helm.sh/helm/v3/cmd/helm@v3.22.0'],
  ['redis-server', 'apt-get install redis-server'],
  ['haproxy', 'apt-get install haproxy'],
  ['ip', 'apt-get install iproute2'],
  ['nft', 'apt-get install nftables'],
];

/** Servers lie where the search path of an ordinary user does not lead. */
const searchPath = [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);

const isInstalled = (program: string): boolean =>
  searchPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

for (const [program, install] of PROGRAMS)
  if (!isInstalled(program))
    console.error(`${program} is missing (${install}): the tests that need it are skipped`);

const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'test/services/vitest.config.ts',
  '--root',
  '.',
];
const { status } = spawnSync(process.execPath, [...vitest, ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, PATH: searchPath },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
