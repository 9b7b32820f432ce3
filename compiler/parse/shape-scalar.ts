/** Values of the wrong type, words that are not allowed, numbers out of range. */
import { stringify } from 'yaml';
import { hasReference } from '../../schema/reference.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { ProposedFix, Report } from '../diagnostics/report.ts';
import { flagLookAlike, textLookAlike } from '../source/look-alike.ts';
import {
  anchorPlaceAt,
  type Path,
  type SourceMap,
  type SourceScalar,
  type SourceValue,
} from '../source/tree.ts';
import { checkFormat, checksNumber } from './format/format.ts';
import { chooseSchema, dereference, type Schema } from './schema.ts';
import type { ShapeError } from './shape-validator.generated.js';

interface ScalarFault {
  readonly path: Path;
  readonly value: SourceValue;
  readonly schema: Schema;
  readonly errors: readonly ShapeError[];
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
};

/** What a schema wants, in words. */
const describeExpected = (schema: Schema): string => {
  const own = dereference(schema);
  if (own.anyOf) return own.anyOf.map(describeExpected).join(' or ');
  if (own.oneOf) return 'a mapping';
  if (own.const !== undefined) return `\`${own.const}\``;
  return TYPE_WORDS[[own.type].flat()[0] ?? 'string']!;
};

const describeFound = (value: SourceValue): string => {
  if (value.kind === 'map') return 'a mapping';
  if (value.kind === 'list') return 'a list';
  if (value.value === null) return value.written === '' ? 'nothing' : `\`${value.written}\``;
  if (typeof value.value === 'string') return `the text \`${value.value}\``;
  return typeof value.value === 'number' ? `the number ${value.written}` : `\`${value.written}\``;
};

/** As the list is written on one line; what another version of YAML would not read as a text is quoted. */
const flowList = (items: readonly unknown[]): string =>
  stringify(items, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0, compat: 'yaml-1.1' })
    .trim()
    .replace(/^\[ (.*) \]$/, '[$1]');

/** A scalar where a list is due: its words, or the one field that an item must have. */
const listAdvice = ({ value, written }: SourceScalar, { items = {} }: Schema): string | undefined => {
  const item = dereference(items);
  if (item.type === 'object') {
    const [key, another] = item.required ?? [];
    return key === undefined || another !== undefined ? undefined : flowList([{ [key]: value ?? written }]);
  }
  const text = typeof value === 'string' ? value.trim() : written;
  // What is quoted inside, and an expression, is not told apart by blanks.
  if (/["'`]/.test(text)) return undefined;
  const words = item['x-format'] === 'cel' ? [text] : text.match(/(?:\$\{[^}]*\}|[^\s,])+/g);
  return words === null ? undefined : flowList(words);
};

/** Whether quotes would be all that is missing. */
const isSoundText = (scalar: SourceScalar, schema: Schema): boolean =>
  schema.enum === undefined &&
  schema['x-format'] !== 'secret' &&
  checkFormat({ text: scalar.written, scalar, place: scalar.place, schema, report: () => {} });

interface Advice {
  readonly help: string | undefined;
  readonly fixes: readonly ProposedFix[];
}

const NO_ADVICE: Advice = { help: undefined, fixes: [] };

const write = (
  { place, style }: SourceScalar,
  text: string,
  applicability: ProposedFix['applicability'],
): Advice => ({
  help: `write \`${text}\``,
  fixes: style === 'block' ? [] : [{ place, text, applicability }],
});

const adviceFor = (value: SourceValue, schema: Schema): Advice => {
  if (value.kind !== 'scalar') return NO_ADVICE;
  const own = dereference(schema);
  const types = [own.type].flat();
  if (types.includes('array') && value.value !== null) {
    const list = listAdvice(value, own);
    if (list === undefined) return { help: 'write a list, each item on its own', fixes: [] };
    return write(value, list, 'maybe');
  }
  if (types[0] === 'string' && typeof value.value !== 'string') {
    return isSoundText(value, own) ? write(value, `"${value.written}"`, 'always') : NO_ADVICE;
  }
  if (types.includes('integer') && /^["']?-?\d+["']?$/.test(value.written)) {
    return write(value, value.written.replaceAll(/["']/g, ''), 'always');
  }
  return NO_ADVICE;
};

/** On the value itself, on its first character if it is long, on its key if it is empty. */
const placeOfFault = (root: SourceMap, path: Path, value: SourceValue) => {
  if (value.kind !== 'scalar') return anchorPlaceAt(root, path);
  return value.place.end === value.place.start ? anchorPlaceAt(root, path) : value.place;
};

const reportWord = (value: SourceScalar, schema: Schema, report: Report): void => {
  const word = String(value.value);
  const words = schema.enum!;
  const near = nearest(word, words);
  const fixes = meantFix(value.place, word, near, words);
  report(
    'GW1004',
    value.place,
    { word, words, nearest: near, description: schema.description ?? '' },
    { fixes },
  );
};

const reportRange = (value: SourceScalar, schema: Schema, report: Report): void => {
  const { minimum, maximum } = schema;
  report('GW1007', value.place, { value: Number(value.value), minimum, maximum });
};

const reportText = (value: SourceScalar, { pattern }: Schema, report: Report): void => {
  report('GW1012', value.place, { text: String(value.value), pattern: pattern! });
};

/** Reports what is wrong with a scalar besides its type; whether that is all there is to say. */
const reportValue = ({ path, value, errors }: ScalarFault, chosen: Schema, report: Report): boolean => {
  if (value.kind !== 'scalar' || value.value === null) return false;
  const types = [chosen.type].flat();
  const format = chosen['x-format'];
  const text = typeof value.value === 'string' ? value.value : undefined;
  const failed = (keyword: string) => errors.some((error) => error.keyword === keyword);
  if (text !== undefined && hasReference(text) && types.includes('string')) return true;
  if (format !== undefined && (text !== undefined || checksNumber(value, format))) return true;
  if (types.includes('boolean') && flagLookAlike(value, report)) return true;
  if (types[0] === 'string' && text === undefined && textLookAlike(value, report)) return true;
  if (chosen.enum && text !== undefined) reportWord(value, chosen, report);
  else if (failed('minimum') || failed('maximum')) reportRange(value, chosen, report);
  else if (failed('pattern') && types.length === 1) reportText(value, chosen, report);
  else if (path.length === 1 && path[0] === 'version') {
    report('GW1011', value.place, { version: value.written });
  } else return false;
  return true;
};

/** Reports a scalar, list or map that is not what its schema wants. Formats are checked elsewhere. */
export const reportScalar = (root: SourceMap, fault: ScalarFault, report: Report): void => {
  const { path, value, schema } = fault;
  if (reportValue(fault, chooseSchema(schema, value) ?? schema, report)) return;
  const place = placeOfFault(root, path, value);
  const expected = describeExpected(schema);
  if (value.kind === 'scalar' && value.value === null) {
    report('GW1013', place, { key: String(path.at(-1)), expected });
  } else {
    const { help, fixes } = adviceFor(value, schema);
    report('GW1003', place, { expected, found: describeFound(value), help }, { fixes });
  }
};
