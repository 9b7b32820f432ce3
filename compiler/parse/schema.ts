/** The published JSON Schema as the compiler reads it. */

import type { CelEnvironment, CelResult, NamedSection } from '../../schema/config/value.ts';
import gateway from '../../schema/gateway.schema.json' with { type: 'json' };
import testFile from '../../schema/test-file.schema.json' with { type: 'json' };
import type { SourceValue } from '../source/tree.ts';

/** The part of JSON Schema that schema/config uses, with its own keywords. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string };
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly 'x-format'?: string;
  readonly 'x-name-of'?: NamedSection;
  readonly 'x-cel-environment'?: CelEnvironment;
  readonly 'x-cel-result'?: CelResult;
  /** The key of a list's entries by which those of an overlay are laid over them. */
  readonly 'x-merge-key'?: string;
  /** The shortest a secret may be once it is known. */
  readonly 'x-min-bytes'?: number;
  /** The value decides what is compiled, so that it cannot be a reference. */
  readonly 'x-literal'?: boolean;
}

/** gateway.yaml. */
export const GATEWAY_SCHEMA = gateway as unknown as Schema;
/** The file of an `api-key` identity. */
export const KEYS_SCHEMA = GATEWAY_SCHEMA.definitions!['keys-file']!;

/** A file of tests; it has no definitions. */
export const TESTS_SCHEMA = testFile as unknown as Schema;

/** The schema itself, a `$ref` followed. */
export const dereference = (schema: Schema): Schema =>
  schema.$ref === undefined
    ? schema
    : GATEWAY_SCHEMA.definitions![schema.$ref.replace('#/definitions/', '')]!;

/** The word that selects a branch of a union. */
export const branchWord = (branch: Schema): string => String(dereference(branch).properties?.type?.const);

const fits = (branch: Schema, value: SourceValue): boolean => {
  const { type } = dereference(branch);
  if (value.kind === 'map') return type === 'object';
  if (value.kind === 'list') return type === 'array';
  const types = [type].flat();
  if (typeof value.value === 'number') return types.includes('number') || types.includes('integer');
  return types.includes(typeof value.value) && type !== 'object';
};

/** The schema that holds for `value`: the chosen branch of a union; undefined if none is chosen. */
export const chooseSchema = (schema: Schema, value: SourceValue): Schema | undefined => {
  const own = dereference(schema);
  if (own.anyOf) return own.anyOf.map(dereference).find((branch) => fits(branch, value));
  if (!own.oneOf) return own;
  const type = value.kind === 'map' ? value.entries.get('type')?.value : undefined;
  if (type?.kind !== 'scalar') return undefined;
  return own.oneOf.map(dereference).find((branch) => branch.properties?.type?.const === type.value);
};

/** Patterns of the schema by their text: there are few, and every key of a configuration is held to one. */
const patterns = new Map<string, RegExp>();

const patternOf = (text: string): RegExp => {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  const made = new RegExp(text, 'u');
  patterns.set(text, made);
  return made;
};

/** The schema of a map's key; undefined if the key is not known. */
export const propertySchema = (schema: Schema, key: string): Schema | undefined => {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  for (const [pattern, named] of Object.entries(schema.patternProperties ?? {})) {
    if (patternOf(pattern).test(key)) return named;
  }
  return undefined;
};

/** Whether a scalar of this schema may be a reference that is resolved later. */
export const admitsReference = (schema: Schema): boolean => {
  if (schema['x-literal'] || schema.const !== undefined || schema.enum || schema['x-name-of']) return false;
  if (schema['x-format'])
    return ['duration', 'size', 'secret', 'http-url', 'peer-address'].includes(schema['x-format']);
  const types = [schema.type].flat();
  if (types.includes('integer') || types.includes('boolean')) return true;
  return types.includes('string') && schema.pattern === undefined;
};
