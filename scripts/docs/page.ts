/** Pages of the manual, made from the configuration's schema. */
import { stringify } from 'yaml';
import { type ConfigSchema, entryOf, fieldsOf, typeOf } from './field.ts';

const NOTE = '<!-- Made by `npm run docs` from schema/config. -->';

const table = (schema: ConfigSchema): string => {
  const rows = fieldsOf(schema).map(
    (field) => `| \`${field.path}\` | ${field.type} | ${field.default} | ${field.description} |`,
  );
  return ['| field | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
};

/** A value that the schema itself gives for a field: its constant, first example, default, or first word. */
const sample = (schema: ConfigSchema): unknown => {
  if (schema.const !== undefined) return schema.const;
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema['x-name-of'] !== undefined) return 'name';
  if (schema.properties !== undefined) return sampleObject(schema);
  if (schema.type === 'array') return [sample(schema.items ?? {})];
  const entry = entryOf(schema);
  return entry === undefined ? '…' : { name: sample(entry) };
};

const sampleObject = (schema: ConfigSchema): Record<string, unknown> =>
  Object.fromEntries((schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {})]));

/** A kind of a section: `identity` of type `jwt`. */
export const kindPage = (section: string, kind: string, schema: ConfigSchema): string => {
  const example = stringify({ [section]: { name: sampleObject(schema) } }, { lineWidth: 100 });
  return [
    NOTE,
    `# \`${section}\` of type \`${kind}\``,
    '',
    schema.description ?? '',
    '',
    table(schema),
    '',
    'With the required fields only:',
    '',
    '```yaml',
    example.trimEnd(),
    '```',
    '',
  ].join('\n');
};

interface KindLink {
  readonly kind: string;
  readonly path: string;
  readonly description: string;
}

const valueText = (schema: ConfigSchema): string => {
  const fallback = schema.default === undefined ? '' : ` Default: \`${schema.default}\`.`;
  return `Value: ${typeOf(schema)}.${fallback}`;
};

const sectionText = (name: string, schema: ConfigSchema, kinds: readonly KindLink[]): string => {
  const lines = [`## \`${name}\``, '', schema.description ?? '', ''];
  if (kinds.length > 0)
    lines.push(
      ...kinds.map(({ kind, path, description }) => `- [\`type: ${kind}\`](${path}): ${description}`),
    );
  else {
    const shape = entryOf(schema) ?? schema;
    if (shape !== schema) lines.push(`A map from names to entries. ${shape.description ?? ''}`, '');
    lines.push(shape.properties === undefined ? valueText(shape) : table(shape));
  }
  return [...lines, ''].join('\n');
};

/** The page of files of tests: each part, in the order of the file. */
export const testFilePage = (tests: ConfigSchema): string => {
  const sections = Object.entries(tests.properties ?? {}).map(([name, schema]) =>
    sectionText(name, schema.items ?? schema, []),
  );
  return [
    NOTE,
    '# Files of tests',
    '',
    `${tests.description} They are called \`*.test.yaml\`, lie beside gateway.yaml, and are run by [\`gatewright test\`](commands/test.md), which sends nothing. Editors complete them by [their schema](../schema/test-file.schema.json).`,
    '',
    'A denial is named by the policy that denies, by its `because`, by the step that refuses (`expose`, `features`, `identity`, `scopes`, `host`, `origin`, `address`), or by the code that the client gets. A call that a policy denies without looking at the arguments is answered as if there were no such tool, `unknown_target`: tests tell the two apart by the name of the policy.',
    '',
    ...sections,
  ].join('\n');
};

/** The manual's first page: every section, in the order of the file. */
export const referencePage = (
  gateway: ConfigSchema,
  kindsOf: (section: string) => readonly KindLink[],
): string => {
  const sections = Object.entries(gateway.properties ?? {}).map(([name, schema]) =>
    sectionText(name, schema, kindsOf(name)),
  );
  return [
    NOTE,
    '# gateway.yaml',
    '',
    'Every section and field. Units are written: durations `ms s m h d`, sizes `B KiB MiB GiB`, rates `/s /m /h /d`.',
    'A text may hold references: `${env:NAME}`, `${env:NAME:-default}`, `${env:NAME:?message}`, `${file:path}`; `$$` is a dollar.',
    'An expression of CEL may nest 64 brackets and choices (`a ? b : c`), and 256 operations.',
    '',
    'The commands that read it are in [commands.md](commands.md), what they may find in [diagnostics.md](diagnostics.md), and its unit tests in [test-files.md](test-files.md).',
    '',
    ...sections,
  ].join('\n');
};
