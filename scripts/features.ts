/** `npm run features`: docs/features.md, from docs/features.table.md and the titles of the tests. `--check` compares. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Gateway } from '../schema/config/gateway.ts';
import type { ConfigSchema } from './docs/field.ts';
import { fieldPaths } from './docs/field-paths.ts';
import { featuresPage, wrongFields } from './features/page.ts';
import { claimsOf } from './features/shown.ts';
import { parseTable } from './features/table.ts';
import { emitGenerated } from './generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const features = parseTable(read('docs/features.table.md'));
const claims = globSync('test/**/*.test.ts', { cwd: root })
  .sort()
  .flatMap((file) => claimsOf(file, read(file)));

const unknown = claims.filter(({ id }) => !features.some((feature) => feature.id === id));
const wrong = wrongFields(features, claims, fieldPaths(Gateway as unknown as ConfigSchema));
for (const { id, file } of unknown) console.error(`${file}: no feature is called ${id}`);
for (const { id, field } of wrong)
  console.error(`docs/features.table.md: ${id} names \`${field}\`, no field of gateway.yaml`);

const drift = emitGenerated(
  new Map([['docs/features.md', featuresPage(features, claims)]]),
  process.argv,
  'features',
);
process.exitCode = unknown.length + wrong.length > 0 ? 1 : drift;
