/** Turns the TypeBox schema into the JSON Schema that editors and the compiler read: draft-07, references allowed. */

export type SchemaObject = { [keyword: string]: unknown };

/** `${` anywhere: what makes a text a reference. */
const REFERENCE = '\\$\\{';

/** Formats whose values have one pattern; what they mean beyond it is checked when compiled. */
const FORMAT_PATTERNS: Readonly<Record<string, string>> = {
  duration: `^\\d+(\\.\\d+)?(ms|s|m|h|d)$|${REFERENCE}`,
  size: `^\\d+(\\.\\d+)?(B|KiB|MiB|GiB)$|${REFERENCE}`,
  rate: '^\\d+/(s|m|h|d)$',
  quota: '^[1-9]\\d*/([1-9]\\d*)?(s|m|h|d)$',
  percentage: '^\\d+(\\.\\d+)?%$',
  secret: REFERENCE,
  'url-path': '^/',
  'calendar-date': '^\\d{4}-\\d{2}-\\d{2}$',
};

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const publishFormat = (schema: SchemaObject): SchemaObject => {
  const { format, ...rest } = schema;
  if (typeof format !== 'string') return schema;
  const pattern = FORMAT_PATTERNS[format];
  return { ...rest, 'x-format': format, ...(pattern ? { pattern } : {}) };
};

/** A number or a flag may also be a reference, which is a text. */
const admitReference = (schema: SchemaObject): SchemaObject =>
  ['integer', 'boolean'].includes(schema.type as string) && !('const' in schema) && !schema['x-literal']
    ? { ...schema, type: [schema.type, 'string'], pattern: REFERENCE }
    : schema;

const publishUnion = (schema: SchemaObject): SchemaObject => {
  const { 'x-discriminator': propertyName, anyOf, ...rest } = schema;
  if (propertyName === undefined) return schema;
  return { ...rest, type: 'object', discriminator: { propertyName }, oneOf: anyOf };
};

/** Puts sub-schemas that are used more than once, and every branch of a union, into `definitions`. */
const shareDefinitions = (root: SchemaObject): SchemaObject => {
  const uses = new Map<string, { count: number; branch: boolean; name: string }>();
  const visit = (value: unknown, name: string, branch: boolean): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, name, branch);
      return;
    }
    if (!isObject(value)) return;
    if (value.type === 'object' && isObject(value.properties)) {
      const known = uses.get(JSON.stringify(value));
      const type = value.properties.type;
      const own = branch && isObject(type) ? `${name}-${type.const}` : name;
      if (known) known.count++;
      else uses.set(JSON.stringify(value), { count: 1, branch, name: own });
    }
    for (const [key, child] of Object.entries(value)) {
      if (key === 'properties')
        for (const [property, schema] of Object.entries(child as SchemaObject))
          visit(schema, property, false);
      else visit(child, name, key === 'oneOf');
    }
  };
  visit(root, 'gateway', false);
  const definitions: SchemaObject = {};
  const replace = (value: unknown, isRoot = false): unknown => {
    if (Array.isArray(value)) return value.map((item) => replace(item));
    if (!isObject(value)) return value;
    const use = isRoot ? undefined : uses.get(JSON.stringify(value));
    const body = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replace(child)]));
    if (!use || (use.count === 1 && !use.branch)) return body;
    definitions[use.name] = body;
    return { $ref: `#/definitions/${use.name}` };
  };
  const body = replace(root, true) as SchemaObject;
  const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...body, definitions: sorted };
};

const publish = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(publish);
  if (!isObject(value)) return value;
  const own = publishUnion(admitReference(publishFormat(value)));
  return Object.fromEntries(
    Object.entries(own).map(([key, child]) => [
      key,
      ['default', 'examples', 'const', 'enum', 'required', 'x-literal', 'type'].includes(key) &&
      !isObject(child)
        ? child
        : key === 'default'
          ? child
          : publish(child),
    ]),
  );
};

/** The JSON Schema of a file. `others` become definitions of their own, for files that it names. */
export const publishSchema = (
  title: string,
  source: SchemaObject,
  others: Readonly<Record<string, SchemaObject>>,
): SchemaObject => {
  const plain = (schema: SchemaObject) => publish(JSON.parse(JSON.stringify(schema))) as SchemaObject;
  const shared = shareDefinitions(plain(source));
  const beside = Object.fromEntries(Object.entries(others).map(([name, schema]) => [name, plain(schema)]));
  const definitions = { ...(shared.definitions as SchemaObject), ...beside };
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, ...shared, definitions };
};
