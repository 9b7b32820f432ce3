/** The type of what a JSON Schema describes, as far as that is certain. */
import {
  BOOL,
  type CelField,
  type CelType,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  NUMBER,
  nullableOf,
  objectOf,
  STRING,
} from '../../../policies/cel/types.ts';
import { joinTypes } from './relations.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Deeper schemas, and those that refer to themselves, are not followed further. */
const MAX_DEPTH = 12;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The type of a JSON value that `schema` accepts; `dyn` where the schema leaves more than one open. */
export const typeOfSchema = (schema: unknown): CelType => typeAt(schema, schema, 0);

const typeAt = (schema: unknown, root: unknown, depth: number): CelType => {
  if (!isObject(schema) || depth > MAX_DEPTH) return DYN;
  const below = (part: unknown) => typeAt(part, root, depth + 1);
  if (typeof schema.$ref === 'string') return below(referred(schema.$ref, root));
  if (Array.isArray(schema.enum)) return joinTypes(schema.enum.map(typeOfValue));
  if ('const' in schema) return typeOfValue(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return typeOfChoices(choices.map(below));
  if (Array.isArray(schema.allOf)) return schema.allOf.length === 1 ? below(schema.allOf[0]) : DYN;
  if (Array.isArray(schema.type))
    return typeOfChoices(schema.type.map((type) => typeNamed(String(type), schema, below)));
  const type = typeof schema.type === 'string' ? schema.type : isObject(schema.properties) ? 'object' : '';
  return typeNamed(type, schema, below);
};

/** One type with or without null is that; several are known only when they come. */
const typeOfChoices = (types: readonly CelType[]): CelType => {
  const [type, ...others] = types.filter(({ kind }) => kind !== 'null');
  if (type === undefined) return types.length === 0 ? DYN : NULL;
  if (others.length > 0 || type.kind === 'dyn') return DYN;
  return types.length === 1 ? type : nullableOf(type);
};

const typeNamed = (name: string, schema: Schema, below: (part: unknown) => CelType): CelType => {
  switch (name) {
    case 'string':
      return STRING;
    case 'integer':
      return INT;
    case 'number':
      return NUMBER;
    case 'boolean':
      return BOOL;
    case 'null':
      return NULL;
    case 'array':
      return listOf(isObject(schema.items) && schema.prefixItems === undefined ? below(schema.items) : DYN);
    case 'object':
      return typeOfObject(schema, below);
    default:
      return DYN;
  }
};

const typeOfObject = (schema: Schema, below: (part: unknown) => CelType): CelType => {
  const { properties, additionalProperties: others } = schema;
  if (!isObject(properties)) return mapOf(STRING, isObject(others) ? below(others) : DYN);
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = Object.entries(properties).map(([name, property]): [string, CelField] => [
    name,
    { type: below(property), isRequired: required.has(name) },
  ]);
  const isOpen = others === true || isObject(others) || schema.patternProperties !== undefined;
  return objectOf(new Map(fields), isOpen);
};

const typeOfValue = (value: unknown): CelType => {
  switch (typeof value) {
    case 'string':
      return STRING;
    case 'boolean':
      return BOOL;
    case 'number':
      return Number.isSafeInteger(value) ? INT : NUMBER;
    default:
      return value === null ? NULL : DYN;
  }
};

/** What `#/$defs/name` and the like point at within the same schema. */
const referred = (reference: string, root: unknown): unknown => {
  if (!reference.startsWith('#/')) return undefined;
  let current: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('%24', '$').replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
};
