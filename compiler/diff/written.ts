/** Parts of a graph as gateway.yaml says them: fields by their names there, values with their units, secrets masked. */

import { canonicalJson } from '../../schema/canonical-json.ts';
import { isReference } from '../../schema/graph/graph.ts';
import { parseReference } from '../../schema/reference.ts';
import { durationText, percentageText, sizeText } from '../../schema/unit.ts';
import { secretKind } from '../secret-text.ts';

export interface WrittenValue {
  readonly kind: 'value';
  /** To be shown. */
  readonly text: string;
  /** To be compared and never shown: it may hold what `text` masks. */
  readonly raw: string;
}

export interface WrittenMap {
  readonly kind: 'map';
  readonly entries: Readonly<Record<string, Written>>;
}

export interface WrittenItem {
  /** Tells items apart, and is what one is called. */
  readonly key: string;
  readonly item: Written;
}

export interface WrittenList {
  readonly kind: 'list';
  /** Whether the order means something; if so, it is that of the file. */
  readonly ordered: boolean;
  readonly items: readonly WrittenItem[];
}

export type Written = WrittenValue | WrittenMap | WrittenList;

type Scalar = string | number | boolean;

const MASK = '(masked)';

/** A reference as written, without the fallbacks that stand for a secret. */
const referenceText = (text: string, isSecret: boolean): string => {
  if (!isSecret) return secretKind(text) === undefined ? text : MASK;
  const { parts } = parseReference(text);
  return parts
    .map((part) => {
      if (part.kind === 'text') return MASK;
      if (part.kind === 'file') return `\${file:${part.path}}`;
      return `\${env:${part.name}${part.fallback === undefined ? '' : `:-${MASK}`}}`;
    })
    .join('');
};

const shown = (value: Scalar): string => {
  if (typeof value !== 'string') return String(value);
  return secretKind(value) === undefined ? value : MASK;
};

const written = <T extends Scalar>(value: T, text: (value: T) => string, isSecret = false): WrittenValue => ({
  kind: 'value',
  text: isReference(value) ? referenceText(value.$reference, isSecret) : text(value),
  raw: canonicalJson(value),
});

/** Writes a value, or leaves out one that is absent. */
type Writer<T extends Scalar> = <V extends T | undefined>(
  value: V,
) => V extends undefined ? undefined : WrittenValue;

const writer =
  <T extends Scalar>(text: (value: T) => string, isSecret = false) =>
  (value: T | undefined): WrittenValue | undefined =>
    value === undefined ? undefined : written(value, text, isSecret);

/** A text, number or flag as it is; a literal that looks like a secret is masked. */
export const plain = writer<Scalar>(shown) as Writer<Scalar>;
/** Milliseconds as `30s`. */
export const duration = writer<number>(durationText) as Writer<number>;
/** Bytes as `4MiB`. */
export const size = writer<number>(sizeText) as Writer<number>;
/** A ratio as `50%`. */
export const percentage = writer<number>(percentageText) as Writer<number>;
/** The reference of a secret, never a literal. */
export const secret = writer<string>(() => MASK, true) as Writer<string>;

/** The value of a header or variable: masked if it or its name looks like a secret's. */
export const namedText = (name: string, value: string): WrittenValue =>
  written(value, (text) => (secretKind(text, name) === undefined ? text : MASK), false);

/** Something that is compared as it is and shown as `text`. */
export const digestOf = (text: string, value: unknown): WrittenValue => ({
  kind: 'value',
  text,
  raw: canonicalJson(value),
});

/** Absent entries are left out. */
export const map = (entries: Readonly<Record<string, Written | undefined>>): WrittenMap => ({
  kind: 'map',
  entries: Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, Written] => entry[1] !== undefined),
  ),
});

const listOf = (values: readonly Scalar[], ordered: boolean): WrittenList => ({
  kind: 'list',
  ordered,
  items: values.map((value) => {
    const item = plain(value);
    return { key: item.text, item };
  }),
});

/** Values whose order means nothing. */
export const set = (values: readonly Scalar[]): WrittenList => listOf(values, false);

/** Values whose order means something. */
export const sequence = (values: readonly Scalar[]): WrittenList => listOf(values, true);

/** Items with a key each. */
export const keyed = (items: readonly WrittenItem[], ordered: boolean): WrittenList => ({
  kind: 'list',
  ordered,
  items,
});

const needsQuotes = /^$|^[\s\-?:,[\]{}#&*!|>'"%@`]|[\s:,[\]{}#'"]|\s$/;

const scalarText = (text: string): string =>
  needsQuotes.test(text) && !text.startsWith('${') && text !== MASK ? JSON.stringify(text) : text;

/** In the flow style of YAML, on one line. */
export const flowText = (value: Written): string => {
  switch (value.kind) {
    case 'value':
      return scalarText(value.text);
    case 'list':
      return `[${value.items.map(({ item }) => flowText(item)).join(', ')}]`;
    case 'map': {
      const entries = Object.entries(value.entries);
      if (entries.length === 0) return '{}';
      return `{ ${entries.map(([key, entry]) => `${key}: ${flowText(entry)}`).join(', ')} }`;
    }
  }
};

/** Whether two parts say the same. */
export const isSame = (a: Written, b: Written): boolean => {
  if (a.kind === 'value' && b.kind === 'value') return a.raw === b.raw;
  if (a.kind === 'map' && b.kind === 'map') {
    const keys = Object.keys(a.entries);
    return (
      keys.length === Object.keys(b.entries).length &&
      keys.every((key) => {
        const other = b.entries[key];
        return other !== undefined && isSame(a.entries[key]!, other);
      })
    );
  }
  if (a.kind !== 'list' || b.kind !== 'list' || a.items.length !== b.items.length) return false;
  const { items } = b;
  return a.items.every(
    ({ key, item }, index) => key === items[index]!.key && isSame(item, items[index]!.item),
  );
};
