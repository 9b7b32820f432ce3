import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Gateway } from '../../schema/config/gateway.ts';
import { KeysFile } from '../../schema/config/keys-file.ts';
import schema from '../../schema/gateway.schema.json' with { type: 'json' };
import { withLints } from '../../scripts/schema/lints.ts';
import { publishSchema, type SchemaObject } from '../../scripts/schema/publish.ts';
import { FIXTURES, fixturesIn } from '../compiler/fixture.ts';
import { isWhole } from './editor.ts';

/** As an editor does it: unknown keywords without meaning, draft-07. */
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);

const fixture = (group: string, name: string) =>
  parse(readFileSync(`${FIXTURES}/${group}/${name}/gateway.yaml`, 'utf8'));

/** Every sub-schema that describes a key. */
const propertiesOf = (value: unknown, path = ''): readonly (readonly [string, SchemaObject])[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {} } = value as { properties?: Record<string, SchemaObject> };
  const own = Object.entries(properties).map(([key, property]) => [`${path}/${key}`, property] as const);
  const below = Object.entries(value)
    .filter(([key]) => key !== 'default' && key !== 'examples')
    .flatMap(([key, child]) => propertiesOf(child, `${path}/${key}`));
  return [...own, ...below];
};

describe('the JSON Schema of gateway.yaml', () => {
  it('is the one that schema/config makes', () => {
    const made = publishSchema('gateway.yaml', Gateway as unknown as SchemaObject, {
      'keys-file': KeysFile as unknown as SchemaObject,
    });
    expect(schema).toEqual(JSON.parse(JSON.stringify(withLints(made))));
  });

  it('is of draft-07, and uses no keyword of a later draft', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const later = /"(\$defs|unevaluated\w+|dependent\w+|prefixItems|minContains|\$anchor|\$dynamic\w+)":/;
    expect(JSON.stringify(schema)).not.toMatch(later);
    expect(new Ajv({ strict: false }).validateSchema(schema)).toBe(true);
  });

  it('describes every key', () => {
    const silent = propertiesOf(schema).filter(([, property]) => !property.description && !property.$ref);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('has defaults that it accepts itself', () => {
    const checker = new Ajv({ strict: false });
    for (const [path, property] of propertiesOf(schema)) {
      if (!('default' in property)) continue;
      const accepts = checker.compile({ ...property, definitions: schema.definitions });
      expect.soft(accepts(property.default), path).toBe(true);
      for (const example of (property.examples ?? []) as unknown[]) {
        expect.soft(accepts(example), `${path} ${example}`).toBe(true);
      }
    }
  });

  it.each(fixturesIn('ok').filter((name) => isWhole('ok', name)))(
    'accepts the sound configuration %s',
    (name) => {
      validate(fixture('ok', name));
      expect(validate.errors).toBeNull();
    },
  );

  it.each(fixturesIn('err').filter((name) => /^GW1(?!013|04)/.test(name)))('refuses %s', (name) => {
    expect(validate(fixture('err', name))).toBe(false);
  });

  it('tells the branches of a union apart by a constant', () => {
    const { upstreams } = schema.properties;
    const [branches] = Object.values(upstreams.patternProperties).map(({ oneOf }) => oneOf);
    const names = branches!.map(({ $ref }) => $ref.replace('#/definitions/', ''));
    const definitions = schema.definitions as unknown as Record<
      string,
      { properties: { type: SchemaObject } }
    >;
    expect(names.map((name) => definitions[name]?.properties.type.const)).toEqual([
      'http',
      'stdio',
      'openapi',
    ]);
  });
});
