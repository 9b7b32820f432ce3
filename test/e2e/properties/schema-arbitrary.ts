/** Random values that a definition of a published schema allows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Revision } from '../../support/message-schema.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

type Definitions = Readonly<Record<string, Schema>>;

const MAX_DEPTH = 6;

const TEXT = fc.string({ unit: 'grapheme', maxLength: 12 });
const BYTES = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const URI = fc.nat(99).map((at) => `test://made-up/${at}`);
/** What stands where the schema allows anything. JSON knows no -0. */
export const ANYTHING = fc
  .jsonValue({ maxDepth: 2, noUnicodeString: false })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));
/** Names that nobody has reserved. */
const KEY = fc.nat(9).map((at) => `example.com/k${at}`);

const formatted: Readonly<Record<string, fc.Arbitrary<string>>> = {
  byte: BYTES,
  uri: URI,
  'uri-template': URI,
};

const integer = ({ minimum, maximum }: Schema): fc.Arbitrary<number> =>
  fc.integer({ min: minimum ?? -1000, max: maximum ?? Number.MAX_SAFE_INTEGER });

const real = ({ minimum, maximum }: Schema): fc.Arbitrary<number> =>
  fc
    .double({ min: minimum ?? -1e9, max: maximum ?? 1e9, noNaN: true })
    .map((value) => (Object.is(value, -0) ? 0 : value));

class Maker {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  of(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) return this.of(this.#definitions[schema.$ref.split('/').at(-1)!]!, depth);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => this.of(each, depth)));
    if (schema.allOf !== undefined)
      return fc
        .tuple(...schema.allOf.map((each) => this.of(each, depth)))
        .map((all) => Object.assign({}, ...all));
    if (Array.isArray(schema.type))
      return fc.oneof(...schema.type.map((type: string) => this.of({ ...schema, type }, depth)));
    switch (schema.type) {
      case 'string':
        return formatted[schema.format ?? ''] ?? TEXT;
      case 'integer':
        return integer(schema);
      case 'number':
        return real(schema);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(this.of(schema.items ?? {}, depth + 1), {
          maxLength: depth > MAX_DEPTH ? 0 : Math.min(schema.maxItems ?? 3, 3),
        });
      case 'object':
        return this.#object(schema, depth);
      default:
        return ANYTHING;
    }
  }

  #object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const required = schema.required ?? [];
    const members = Object.entries(schema.properties ?? {}).filter(
      ([name]) => depth <= MAX_DEPTH || required.includes(name),
    );
    const named = fc.record(
      Object.fromEntries(members.map(([name, member]) => [name, this.of(member, depth + 1)])),
      { requiredKeys: required.filter((name) => members.some(([known]) => known === name)) },
    );
    const { additionalProperties: more } = schema;
    if (more === undefined || more === false || depth > MAX_DEPTH) return named;
    const others = fc.dictionary(KEY, more === true ? ANYTHING : this.of(more, depth + 1), { maxKeys: 2 });
    return fc.tuple(others, named).map(([first, last]) => ({ ...first, ...(last as object) }));
  }
}

const load = (revision: Revision): Definitions => {
  const file = join(import.meta.dirname, '..', '..', 'mcp', revision, 'schema.json');
  const schema = JSON.parse(readFileSync(file, 'utf8'));
  return schema.$defs ?? schema.definitions;
};

/** Values of one definition of one revision, as they come out of JSON. */
export const valuesOf = (revision: Revision, definition: string): fc.Arbitrary<Record<string, unknown>> => {
  const definitions = load(revision);
  return new Maker(definitions)
    .of(definitions[definition]!, 0)
    .map((value) => JSON.parse(JSON.stringify(value)));
};
