/** Values of the wrong type, words that are not allowed, numbers out of range. */
import { hasReference } from '../../schema/reference.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import { flagLookAlike, numberLookAlike, textLookAlike } from '../source/look-alike.ts';
import {
  anchorPlaceAt,
  type Path,
  type SourceMap,
  type SourceScalar,
  type SourceValue,
} from '../source/tree.ts';
import { adviceFor } from './advice.ts';
import { checksNumber } from './format/format.ts';
import { chooseSchema, dereference, type Schema } from './schema.ts';
import type { ShapeError } from './shape-validator.generated.js';
import { refusalOf, wordMeant } from './synonyms.ts';

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

const MAX_SHOWN = 60;

const shortened = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).trimEnd()}…` : text;

const describeFound = (value: SourceValue): string => {
  if (value.kind === 'map') return 'a mapping';
  if (value.kind === 'list') return 'a list';
  if (value.value === null) return value.written === '' ? 'nothing' : `\`${value.written}\``;
  if (typeof value.value === 'string') return `the text \`${shortened(value.value)}\``;
  return typeof value.value === 'number' ? `the number ${value.written}` : `\`${value.written}\``;
};

/** On the value itself, on its first character if it is long, on its key if it is empty. */
const placeOfFault = (root: SourceMap, path: Path, value: SourceValue) => {
  if (value.kind !== 'scalar') return anchorPlaceAt(root, path);
  return value.place.end === value.place.start ? anchorPlaceAt(root, path) : value.place;
};

const reportWord = (value: SourceScalar, schema: Schema, report: Report): void => {
  const word = String(value.value);
  const words = schema.enum!;
  const refusal = refusalOf(word);
  const near = refusal === undefined ? (nearest(word, words) ?? wordMeant(word, words)) : undefined;
  const fixes = meantFix(value.place, word, near, words);
  report('GW1004', value.place, { word, words, nearest: near, refusal }, { fixes });
};

const reportRange = (value: SourceScalar, schema: Schema, report: Report): void => {
  const { minimum, maximum } = schema;
  report('GW1007', value.place, { value: Number(value.value), minimum, maximum });
};

const reportText = (value: SourceScalar, { pattern }: Schema, report: Report): void => {
  report('GW1012', value.place, { text: String(value.value), pattern: pattern! });
};

const admitsFlag = ({ type, anyOf }: Schema): boolean =>
  [type].flat().includes('boolean') ||
  anyOf?.some((branch) => typeof dereference(branch).const === 'boolean') === true;

/** Reports what is wrong with a scalar besides its type; whether that is all there is to say. */
const reportValue = ({ path, value, errors }: ScalarFault, chosen: Schema, report: Report): boolean => {
  if (value.kind !== 'scalar' || value.value === null) return false;
  const types = [chosen.type].flat();
  const format = chosen['x-format'];
  const text = typeof value.value === 'string' ? value.value : undefined;
  const failed = (keyword: string) => errors.some((error) => error.keyword === keyword);
  if (text !== undefined && hasReference(text) && types.includes('string')) return true;
  if (format !== undefined && (text !== undefined || checksNumber(value, format))) return true;
  if (admitsFlag(chosen) && flagLookAlike(value, report)) return true;
  if (types.includes('integer') && text !== undefined && numberLookAlike(value, report)) return true;
  if (types[0] === 'string' && text === undefined && textLookAlike(value, report)) return true;
  if (chosen.enum && text !== undefined) reportWord(value, chosen, report);
  else if (failed('minimum') || failed('maximum')) reportRange(value, chosen, report);
  else if (failed('pattern') && types.length === 1) reportText(value, chosen, report);
  else if (path.length === 1 && path[0] === 'version') {
    const fixes = [{ place: value.place, text: '1', applicability: 'maybe' as const }];
    report('GW1011', value.place, { version: value.written }, { fixes });
  } else return false;
  return true;
};

const isIndex = (step: unknown): boolean => /^\d+$/.test(String(step));

/** `` `path` ``, or for an item `` an item of `endpoints` ``. */
const whatHasNoValue = (path: Path): string =>
  isIndex(path.at(-1))
    ? `an item of \`${path.findLast((step) => !isIndex(step)) ?? ''}\``
    : `\`${path.at(-1)}\``;

/** Reports a scalar, list or map that is not what its schema wants. Formats are checked elsewhere. */
export const reportScalar = (root: SourceMap, fault: ScalarFault, report: Report): void => {
  const { path, value, schema } = fault;
  if (reportValue(fault, chooseSchema(schema, value) ?? schema, report)) return;
  const place = placeOfFault(root, path, value);
  const expected = describeExpected(schema);
  if (value.kind === 'scalar' && value.value === null) {
    report('GW1013', place, { what: whatHasNoValue(path), expected, isItem: isIndex(path.at(-1)) });
    return;
  }
  const advice = adviceFor(value, schema);
  const isReplaced = value.kind === 'scalar' && value.style !== 'block' && advice?.text !== undefined;
  const applicability = advice?.isSure ? 'always' : 'maybe';
  const fixes = isReplaced ? [{ place, text: advice.text!, applicability } as const] : [];
  report('GW1003', place, { expected, found: describeFound(value), help: advice?.help }, { fixes });
};
