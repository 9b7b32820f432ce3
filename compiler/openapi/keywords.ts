/** The keywords of JSON Schema 2020-12 that are taken over, with the shape that each must have. */

type Shape =
  | 'schema'
  | 'schemas'
  | 'schemasByName'
  | 'text'
  | 'number'
  | 'count'
  | 'flag'
  | 'list'
  | 'names'
  | 'namesByName'
  | 'any'
  | 'type'
  | 'regex';

/** Applicators, validation and annotations. Identifiers are left out: every schema stands for itself here. */
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['type', 'type'],
  ['title', 'text'],
  ['description', 'text'],
  ['properties', 'schemasByName'],
  ['patternProperties', 'schemasByName'],
  ['additionalProperties', 'schema'],
  ['propertyNames', 'schema'],
  ['unevaluatedProperties', 'schema'],
  ['required', 'names'],
  ['dependentRequired', 'namesByName'],
  ['dependentSchemas', 'schemasByName'],
  ['minProperties', 'count'],
  ['maxProperties', 'count'],
  ['items', 'schema'],
  ['prefixItems', 'schemas'],
  ['contains', 'schema'],
  ['minContains', 'count'],
  ['maxContains', 'count'],
  ['unevaluatedItems', 'schema'],
  ['minItems', 'count'],
  ['maxItems', 'count'],
  ['uniqueItems', 'flag'],
  ['allOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['not', 'schema'],
  ['if', 'schema'],
  ['then', 'schema'],
  ['else', 'schema'],
  ['enum', 'list'],
  ['const', 'any'],
  ['multipleOf', 'number'],
  ['minimum', 'number'],
  ['maximum', 'number'],
  ['exclusiveMinimum', 'number'],
  ['exclusiveMaximum', 'number'],
  ['minLength', 'count'],
  ['maxLength', 'count'],
  ['pattern', 'regex'],
  ['format', 'text'],
  ['contentEncoding', 'text'],
  ['contentMediaType', 'text'],
  ['default', 'any'],
  ['examples', 'list'],
  ['deprecated', 'flag'],
]);

const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);

/** Keywords that only describe: beside a reference they change nothing of what is valid. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isObject(value);

const isListOf = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(fits);

const isText = (value: unknown): boolean => typeof value === 'string';

const isRegex = (value: unknown): boolean => {
  if (typeof value !== 'string') return false;
  try {
    new RegExp(value, 'u');
    return true;
  } catch {
    return false;
  }
};

const isType = (value: unknown): boolean =>
  TYPES.has(value as string) ||
  (isListOf(value, (item) => TYPES.has(item as string)) && (value as readonly unknown[]).length > 0);

const FITS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  schema: isSchema,
  schemas: (value) => isListOf(value, isSchema) && (value as readonly unknown[]).length > 0,
  schemasByName: (value) => isObject(value) && Object.values(value).every(isSchema),
  text: isText,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  flag: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  names: (value) => isListOf(value, isText),
  namesByName: (value) => isObject(value) && Object.values(value).every((names) => isListOf(names, isText)),
  any: () => true,
  type: isType,
  regex: isRegex,
};

const WORDS: Readonly<Record<Shape, string>> = {
  schema: 'a schema',
  schemas: 'a list of schemas',
  schemasByName: 'a mapping to schemas',
  text: 'a text',
  number: 'a number',
  count: 'a whole number',
  flag: 'true or false',
  list: 'a list',
  names: 'a list of names',
  namesByName: 'a mapping to lists of names',
  any: 'a value',
  type: 'a type of JSON',
  regex: 'a regular expression',
};

/** The shape of a keyword's value; undefined for what is no keyword, or none that is taken over. */
export const shapeOf = (keyword: string): Shape | undefined => SHAPES.get(keyword);

/** What a keyword's value should be and is not; undefined if it is right. */
export const valueProblem = (keyword: string, value: unknown): string | undefined => {
  const shape = SHAPES.get(keyword);
  if (shape === undefined || FITS[shape](value)) return undefined;
  return `it is not ${WORDS[shape]}`;
};

/** The same schema with `change` applied to each schema directly within it. */
export const mapSubschemas = (
  schema: Readonly<Record<string, unknown>>,
  change: (schema: unknown, steps: readonly string[]) => unknown,
): Record<string, unknown> => {
  const members = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    switch (shapeOf(keyword)) {
      case 'schema':
        return [keyword, change(value, [keyword])];
      case 'schemas':
        return [
          keyword,
          (value as readonly unknown[]).map((item, at) => change(item, [keyword, String(at)])),
        ];
      case 'schemasByName': {
        const byName = Object.entries(value as object).map(([name, item]) => [
          name,
          change(item, [keyword, name]),
        ]);
        return [keyword, Object.fromEntries(byName)];
      }
      default:
        return [keyword, value];
    }
  });
  return Object.fromEntries(members);
};
