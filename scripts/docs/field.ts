/** The fields of a schema as rows of the manual. */

/** The part of JSON Schema that the configuration's schema uses. */
export interface ConfigSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly patternProperties?: Readonly<Record<string, ConfigSchema>>;
  readonly required?: readonly string[];
  readonly items?: ConfigSchema;
  readonly anyOf?: readonly ConfigSchema[];
  readonly 'x-name-of'?: string;
  readonly 'x-discriminator'?: string;
  readonly 'x-cel-result'?: string;
  readonly 'x-cel-environment'?: string;
}

interface Field {
  /** Dotted, from the entry that the page is about. */
  readonly path: string;
  readonly type: string;
  /** `required`, a literal, or empty. */
  readonly default: string;
  readonly description: string;
}

/** What the formats are called in the manual. */
const FORMATS: Readonly<Record<string, string>> = {
  'http-url': 'URL',
  'included-files': 'file or glob',
  'input-file': 'file',
  'header-name': 'header name',
  'url-path': 'path',
  'calendar-date': 'date',
  bind: 'address',
  cidr: 'address range',
  'egress-range': '`public` or address range',
};

const code = (value: unknown): string =>
  `\`${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('|', '\\|')}\``;

const range = ({ minimum, maximum }: ConfigSchema): string => {
  if (maximum !== undefined) return ` ${minimum ?? 0} to ${maximum}`;
  return minimum === undefined ? '' : ` from ${minimum}`;
};

/** The one schema of the values of a map. */
export const entryOf = (schema: ConfigSchema): ConfigSchema | undefined =>
  Object.values(schema.patternProperties ?? {})[0];

/** What a value may be, in words. */
export const typeOf = (schema: ConfigSchema): string => {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema['x-name-of'] !== undefined) return `name in \`${schema['x-name-of']}\``;
  if (schema['x-cel-result'] !== undefined) return `CEL, ${schema['x-cel-result']}`;
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.format !== undefined) return FORMATS[schema.format] ?? schema.format;
  const entry = entryOf(schema);
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (entry !== undefined) return `map to ${typeOf(entry)}`;
  if (schema.type === 'object') return 'object';
  if (schema.type === 'integer') return `integer${range(schema)}`;
  return schema.type ?? 'any';
};

const describe = ({ description = '', examples = [] }: ConfigSchema): string => {
  const example = examples.length === 0 ? '' : ` Example: ${examples.map(code).join(', ')}.`;
  return `${description}${example}`.replaceAll('\n', ' ');
};

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

const defaultOf = (schema: ConfigSchema, isRequired: boolean): string => {
  if (isRequired) return 'required';
  return schema.default === undefined || isEmptyObject(schema.default) ? '' : code(schema.default);
};

/** The schema whose properties are the fields below `schema`, with the suffix that its path gets. */
const below = (schema: ConfigSchema): readonly [suffix: string, schema: ConfigSchema] | undefined => {
  if (schema.properties !== undefined) return ['', schema];
  if (schema.items?.properties !== undefined) return ['[]', schema.items];
  const branch = schema.anyOf?.find(({ properties }) => properties !== undefined);
  if (branch !== undefined) return ['', branch];
  const entry = entryOf(schema);
  return entry?.properties === undefined ? undefined : ['.*', entry];
};

/** The kinds of a union within an entry: `type` once with all of its words, then the fields of each. */
const kindsOf = (branches: readonly ConfigSchema[], path: string): readonly Field[] => {
  const kinds = branches.map(({ properties }) => properties?.type ?? {});
  const described = kinds.map((kind) => `${typeOf(kind)}: ${kind.description ?? ''}`).join(' ');
  const type = { path: `${path}.type`, type: kinds.map(typeOf).join(', '), default: 'required' };
  const fields = branches.flatMap((branch, at) =>
    fieldsOf(branch, `${path}.`)
      .filter((field) => field.path !== type.path)
      .map((field) => ({ ...field, description: `With ${typeOf(kinds[at]!)}: ${field.description}` })),
  );
  return [{ ...type, description: described }, ...fields];
};

/** Every field of an object schema and of the objects in it, in the order of the schema. */
export const fieldsOf = (schema: ConfigSchema, prefix = ''): readonly Field[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) ?? false;
    const field: Field = {
      path,
      type: typeOf(property),
      default: defaultOf(property, isRequired),
      description: describe(property),
    };
    if (property['x-discriminator'] !== undefined && property.anyOf !== undefined)
      return [{ ...field, type: 'object' }, ...kindsOf(property.anyOf, path)];
    const inner = below(property);
    return inner === undefined ? [field] : [field, ...fieldsOf(inner[1], `${path}${inner[0]}.`)];
  });
