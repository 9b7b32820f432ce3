/**
 * Writes what is generated from schema/config: the published JSON Schema and the validators that the compiler
 * runs. `--check` writes nothing and fails when either has drifted.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { Gateway } from '../schema/config/gateway.ts';
import { KeysFile } from '../schema/config/keys-file.ts';
import { TestFile } from '../schema/test-file/test-file.ts';
import { withLints } from './schema/lints.ts';
import { publishSchema, type SchemaObject } from './schema/publish.ts';

const VALIDATOR_FILE = 'compiler/parse/shape-validator.generated.js';

const ANNOTATIONS = new Set([
  '$schema',
  'title',
  'description',
  'default',
  'examples',
  'markdownDescription',
]);

/** The schema without what says nothing about shape; the validator gets smaller by it. */
const withoutAnnotations = (value: unknown, isSchema = true): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutAnnotations(item));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => !isSchema || (!ANNOTATIONS.has(key) && !key.startsWith('x-')),
  );
  const namesProperties = (key: string) =>
    isSchema && ['properties', 'patternProperties', 'definitions'].includes(key);
  return Object.fromEntries(
    kept.map(([key, child]) => [key, withoutAnnotations(child, !namesProperties(key))]),
  );
};

const validatorSource = (schemas: Readonly<Record<string, SchemaObject>>): string => {
  const ajv = new Ajv({
    allErrors: true,
    discriminator: true,
    inlineRefs: false,
    messages: false,
    strict: true,
    allowUnionTypes: true,
    code: { source: true, esm: true, optimize: 2 },
  });
  for (const [name, schema] of Object.entries(schemas)) {
    ajv.addSchema({ ...(withoutAnnotations(schema) as SchemaObject), $id: name });
  }
  const exported = Object.fromEntries(Object.keys(schemas).map((name) => [name, name]));
  const code = standaloneCode
    .default(ajv, exported)
    .replace(/^"use strict";/, '')
    .replaceAll(/const (\w+) = require\("([^"]+)"\)\.default;/g, (_, name, module) => {
      const imported = `${name}Module`;
      // Loaders differ in what the default import of a CommonJS module is.
      return `import ${imported} from '${module}.js';const ${name} = ${imported}.default ?? ${imported};`;
    });
  const header = ['lint', 'format', 'assist'].map((tool) => `// biome-ignore-all ${tool}: generated`);
  const lines = code.replaceAll(/;(?=(const schema|function validate))/g, ';\n');
  return `// Made by scripts/schema.ts from schema/config.\n${header.join('\n')}\n${lines}\n`;
};

const gateway = publishSchema('gateway.yaml', Gateway as unknown as SchemaObject, {
  'keys-file': KeysFile as unknown as SchemaObject,
});
const keysFile = (gateway.definitions as Readonly<Record<string, SchemaObject>>)['keys-file']!;

const testFile = publishSchema('*.test.yaml', TestFile as unknown as SchemaObject, {});

const outputs: readonly (readonly [path: string, text: string])[] = [
  ['schema/gateway.schema.json', `${JSON.stringify(withLints(gateway), null, 2)}\n`],
  ['schema/test-file.schema.json', `${JSON.stringify(testFile, null, 2)}\n`],
  [
    VALIDATOR_FILE,
    validatorSource({ validateGateway: gateway, validateKeys: keysFile, validateTests: testFile }),
  ],
];

const absolute = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

if (process.argv.includes('--check')) {
  const drifted = outputs.filter(([path, text]) => {
    try {
      return readFileSync(absolute(path), 'utf8') !== text;
    } catch {
      return true;
    }
  });
  for (const [path] of drifted) process.stderr.write(`${path} is not what scripts/schema.ts makes; run it\n`);
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of outputs) writeFileSync(absolute(path), text);
}
