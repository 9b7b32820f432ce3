/** What to write in place of a value of the wrong type. */
import { stringify } from 'yaml';
import type { SourceList, SourceScalar, SourceValue } from '../source/tree.ts';
import { checkFormat } from './format/format.ts';
import { dereference, type Schema } from './schema.ts';

/** `text` replaces the value where that is all there is to do. */
export interface Advice {
  readonly help: string;
  readonly text?: string;
  /** Nothing else can have been meant. */
  readonly isSure?: boolean;
}

/** As it is written on one line; what another version of YAML would not read as a text is quoted. */
const flow = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0, compat: 'yaml-1.1' })
    .trim()
    .replace(/^\[ (.*) \]$/, '[$1]');

const write = (text: string, isSure = false): Advice => ({ help: `write \`${text}\``, text, isSure });

/** Words that each begin with the `-` of an item, but without a blank behind it. */
const withoutDashes = (words: readonly string[]): readonly string[] =>
  words.every((word) => /^-[^-\s]/.test(word)) ? words.map((word) => word.slice(1)) : words;

/** A scalar where a list is due: its words, or the one field that an item must have. */
const listOfScalar = ({ value, written, style }: SourceScalar, items: Schema): Advice | undefined => {
  const item = dereference(items);
  if (item.type === 'object') {
    const [key, another] = item.required ?? [];
    return key === undefined || another !== undefined
      ? undefined
      : write(flow([{ [key]: value ?? written }]));
  }
  const text = typeof value === 'string' ? value.trim() : written;
  // What is quoted inside, and an expression, is not told apart by blanks.
  if (/["'`]/.test(text)) return undefined;
  const words = item['x-format'] === 'cel' ? [text] : text.match(/(?:\$\{[^}]*\}|[^\s,])+/g);
  return words === null ? undefined : write(flow(style === 'plain' ? withoutDashes(words) : words));
};

const listAdvice = (value: SourceValue, { items = {} }: Schema): Advice => {
  const first = value.kind === 'map' ? value.entries.keys().next().value : undefined;
  if (first !== undefined && dereference(items).type === 'object')
    return { help: `put a \`- \` before \`${first}\`: this is one item of a list` };
  const list = value.kind === 'scalar' ? listOfScalar(value, items) : undefined;
  return list ?? { help: 'write a list, each item on its own' };
};

/** A list of entries that carry their names, or of `NAME=value`, where a mapping is due. */
const mapOfList = ({ items }: SourceList): Advice | undefined => {
  const [first] = items;
  const name = first?.kind === 'map' ? first.entries.get('name')?.value : undefined;
  if (name?.kind === 'scalar' && typeof name.value === 'string')
    return {
      help: `write \`${name.value}:\` in place of \`- name: ${name.value}\`, and the other keys below it`,
    };
  const isAssignment = first?.kind === 'scalar' && /^\w+=/.test(String(first.value));
  return isAssignment ? { help: 'write each as `NAME: value`, without `-` and `=`' } : undefined;
};

const takes = (property: Schema, scalar: SourceScalar): boolean => {
  const own = dereference(property);
  const { value } = scalar;
  if (own.enum) return typeof value === 'string' && own.enum.includes(value);
  if (
    own['x-format'] !== undefined &&
    ['duration', 'size', 'rate', 'quota', 'percentage'].includes(own['x-format'])
  )
    return checkFormat({
      text: String(value),
      scalar,
      place: scalar.place,
      schema: own,
      report: () => {},
    });
  return typeof value === 'number' && [own.type].flat().includes('integer');
};

/** A scalar where a mapping is due: the keys that could have it. */
const mapOfScalar = (scalar: SourceScalar, schema: Schema): Advice | undefined => {
  const separator = /^([A-Za-z_][\w-]*)(\s*=\s*|:)(?=\S)/.exec(String(scalar.value));
  if (separator?.[2] === ':') return { help: `put a blank behind the \`:\` of \`${separator[1]}:\`` };
  if (separator) return { help: `write \`${separator[1]}: …\`: \`=\` does not give a key its value` };
  const own = dereference(schema);
  const object = own.anyOf?.map(dereference).find(({ type }) => type === 'object') ?? own;
  const keys = Object.entries(object.properties ?? {})
    .filter(([, property]) => takes(property, scalar))
    .map(([key]) => key);
  const [only] = keys;
  if (only === undefined) return undefined;
  if (keys.length === 1) return write(flow({ [only]: scalar.value }));
  return { help: `say which it is: ${keys.map((key) => `\`${key}\``).join(', ')}` };
};

/** Whether quotes would be all that is missing. */
const isSoundText = (scalar: SourceScalar, schema: Schema): boolean =>
  schema.enum === undefined &&
  schema['x-format'] !== 'secret' &&
  checkFormat({ text: scalar.written, scalar, place: scalar.place, schema, report: () => {} });

const flagAdvice = ({ value, written }: SourceScalar): Advice | undefined => {
  const word = String(value ?? written).toLowerCase();
  const flags: Readonly<Record<string, string>> = { true: 'true', false: 'false', '1': 'true', '0': 'false' };
  return Object.hasOwn(flags, word) ? write(flags[word]!, /^[a-z]/.test(word)) : undefined;
};

const scalarAdvice = (scalar: SourceScalar, schema: Schema): Advice | undefined => {
  const types = [schema.type].flat();
  if (types[0] === 'string' && typeof scalar.value !== 'string')
    return isSoundText(scalar, schema) ? write(`"${scalar.written}"`, true) : undefined;
  if (types.includes('boolean')) return flagAdvice(scalar);
  if (types.includes('integer') && /^["']?-?\d+["']?$/.test(scalar.written))
    return write(scalar.written.replaceAll(/["']/g, ''), true);
  return undefined;
};

const isMapDue = (schema: Schema): boolean =>
  schema.oneOf !== undefined ||
  schema.type === 'object' ||
  schema.anyOf?.some((branch) => dereference(branch).type === 'object') === true;

/** What to write instead; undefined if nobody knows. */
export const adviceFor = (value: SourceValue, schema: Schema): Advice | undefined => {
  const own = dereference(schema);
  if ([own.type].flat().includes('array')) return listAdvice(value, own);
  if (value.kind === 'map') return undefined;
  if (value.kind === 'list') return isMapDue(own) ? mapOfList(value) : undefined;
  if (!isMapDue(own)) return scalarAdvice(value, own);
  return value.value === true ? { help: 'leave it out for the default' } : mapOfScalar(value, own);
};
