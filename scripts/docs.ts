/**
 * `npm run docs`: the reference manual, from the configuration's schema, the commands, the catalogue of diagnostics and
 * the metrics.
 * `--check` compares.
 */
import { COMMANDS } from '../cli/commands.ts';
import { Gateway } from '../schema/config/gateway.ts';
import { TestFile } from '../schema/test-file/test-file.ts';
import { commandIndex, commandPage } from './docs/command-page.ts';
import { diagnosticIndex } from './docs/diagnostic-index.ts';
import { type ConfigSchema, entryOf } from './docs/field.ts';
import { metricsPage } from './docs/metrics-page.ts';
import { kindPage, referencePage, testFilePage } from './docs/page.ts';
import { emitGenerated } from './generated-files.ts';

/** The folder of the pages of a section's kinds: the one of its files in schema/config. */
const FOLDERS: Readonly<Record<string, string>> = {
  identity: 'identity',
  upstreams: 'upstream',
  policies: 'policy',
  limits: 'limit',
};

const gateway = Gateway as unknown as ConfigSchema;

const kindsOf = (section: string) => {
  const folder = FOLDERS[section];
  const branches = folder === undefined ? [] : (entryOf(gateway.properties?.[section] ?? {})?.anyOf ?? []);
  return branches.map((schema) => {
    const kind = String(schema.properties?.type?.const);
    return { kind, schema, path: `${folder}/${kind}.md`, description: schema.description ?? '' };
  });
};

const pages = new Map([['docs/reference.md', referencePage(gateway, kindsOf)]]);
for (const section of Object.keys(FOLDERS))
  for (const { kind, schema, path } of kindsOf(section))
    pages.set(`docs/${path}`, kindPage(section, kind, schema));

pages.set('docs/test-files.md', testFilePage(TestFile as unknown as ConfigSchema));

pages.set('docs/commands.md', commandIndex(COMMANDS));
for (const [name, manual] of Object.entries(COMMANDS))
  pages.set(`docs/commands/${name}.md`, commandPage(name, manual));
pages.set('docs/diagnostics.md', diagnosticIndex());
pages.set('docs/metrics.md', metricsPage());

process.exitCode = emitGenerated(pages, process.argv, 'docs');
