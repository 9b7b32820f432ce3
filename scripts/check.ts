/** `npm run check`: everything about the sources that can be told without running the product. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Name, program below the repository, arguments. */
const STEPS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'],
  ['lint and format', 'node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off'],
  ['dead code', 'node_modules/knip/bin/knip.js', '--no-progress'],
  ['schema drift', 'scripts/schema.ts', '--check'],
  ['manual drift', 'scripts/docs.ts', '--check'],
  ['feature list drift', 'scripts/features.ts', '--check'],
  ['architecture', 'node_modules/vitest/vitest.mjs', 'run', 'test/architecture.test.ts'],
];

let failures = 0;
for (const [name, ...command] of STEPS) {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failures += 1;
  process.stdout.write(`${stdout}${stderr}\n`);
}
process.exitCode = failures === 0 ? 0 : 1;
