/** Values in paths, queries, headers and cookies (OpenAPI 3.1, Style Values; RFC 6570). */
import type { OpenApiParameterNode } from '../../../schema/graph/upstream.ts';
import { isObject } from '../message.ts';
import { exactText, isExact } from './exact-json.ts';

/** An argument that cannot be sent. The message names the argument and is for the caller. */
export class InvalidArgument extends Error {}

/** A text as it is; anything else, also what is nested in a list or an object, as JSON. */
const plain = (value: unknown): string => (typeof value === 'string' ? value : exactText(value));

const encode = (text: string): string => {
  if (!text.isWellFormed()) throw new InvalidArgument('it has a broken character in it');
  return encodeURIComponent(text);
};

const encoded = (value: unknown): string => encode(plain(value));

/** Own members that say something. */
const membersOf = (value: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  Object.entries(value).filter(([, member]) => member !== undefined && member !== null);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && !isExact(value);

const itemsOf = (value: readonly unknown[]): readonly unknown[] => value.filter((item) => item !== null);

/** All of a list or object in one text: `a,b`, or for an object `k,v,k,v` or `k=v,k=v`. */
const joined = (value: unknown, explode: boolean, write: (part: unknown) => string): string => {
  if (Array.isArray(value)) return itemsOf(value).map(write).join(',');
  if (!isRecord(value)) return write(value);
  return membersOf(value)
    .map(([key, member]) => `${write(key)}${explode ? '=' : ','}${write(member)}`)
    .join(',');
};

/** `prefix` before each part, each with its name where it has one. */
const labelled = (value: unknown, explode: boolean, separator: string): string => {
  if (!explode || (!Array.isArray(value) && !isRecord(value)))
    return separator + joined(value, false, encoded);
  if (Array.isArray(value))
    return itemsOf(value)
      .map((item) => separator + encoded(item))
      .join('');
  return membersOf(value)
    .map(([key, member]) => `${separator}${encode(key)}=${encoded(member)}`)
    .join('');
};

const matrix = (name: string, value: unknown, explode: boolean): string => {
  if (explode && Array.isArray(value))
    return itemsOf(value)
      .map((item) => `;${encode(name)}=${encoded(item)}`)
      .join('');
  if (explode && isRecord(value)) return labelled(value, true, ';');
  return `;${encode(name)}=${joined(value, false, encoded)}`;
};

/** Dots that a server or proxy would take as steps through the path, also where it decodes slashes first. */
const STEPS = /(?:^|[/\\])\.{1,2}(?:$|[/\\;])/;

const styled = ({ name, style, explode }: OpenApiParameterNode, value: unknown): string => {
  switch (style) {
    case 'label':
      return labelled(value, explode, '.');
    case 'matrix':
      return matrix(name, value, explode);
    case 'json':
      return encode(exactText(value));
    default:
      return joined(value, explode, encoded);
  }
};

/** The value in the path. No value changes which resource the rest of the path names. */
export const inPath = (parameter: OpenApiParameterNode, value: unknown): string => {
  const bare = joined(value, parameter.explode, plain);
  if (bare === '') throw new InvalidArgument('it is empty');
  const text = styled(parameter, value);
  // The style may add dots of its own.
  if (STEPS.test(bare) || STEPS.test(decodeURIComponent(text)))
    throw new InvalidArgument('it has a step through the path in it');
  return text;
};

const deepObject = (name: string, value: unknown, pairs: string[]): void => {
  if (Array.isArray(value)) for (const item of itemsOf(value)) pairs.push(`${encode(name)}=${encoded(item)}`);
  else if (isRecord(value))
    for (const [key, member] of membersOf(value)) deepObject(`${name}[${key}]`, member, pairs);
  else pairs.push(`${encode(name)}=${encoded(value)}`);
};

const DELIMITERS: Readonly<Record<string, string>> = { spaceDelimited: '%20', pipeDelimited: '%7C' };

/** The pairs of the query that a value becomes; `isTaken` says which names belong to others. */
export const inQuery = (
  { name, style, explode }: OpenApiParameterNode,
  value: unknown,
  isTaken: (name: string) => boolean,
): readonly string[] => {
  if (style === 'json') return [`${encode(name)}=${encode(exactText(value))}`];
  if (style === 'deepObject' && isRecord(value)) {
    const pairs: string[] = [];
    deepObject(name, value, pairs);
    return pairs;
  }
  if (Array.isArray(value)) {
    const items = itemsOf(value);
    if (items.length === 0) return [];
    if (explode) return items.map((item) => `${encode(name)}=${encoded(item)}`);
    return [`${encode(name)}=${items.map(encoded).join(DELIMITERS[style] ?? ',')}`];
  }
  if (!isRecord(value) || !explode) return [`${encode(name)}=${joined(value, false, encoded)}`];
  return membersOf(value).map(([key, member]) => {
    if (isTaken(key)) throw new InvalidArgument(`\`${key}\` is a parameter of its own`);
    return `${encode(key)}=${encoded(member)}`;
  });
};

/** Anything else would end the header, or mean other bytes elsewhere. */
const HEADER_TEXT = /^[\t\x20-\x7e]*$/;

export const inHeader = ({ style, explode }: OpenApiParameterNode, value: unknown): string => {
  const text = style === 'json' ? exactText(value) : joined(value, explode, plain);
  if (!HEADER_TEXT.test(text)) throw new InvalidArgument('it has a character that no header can carry');
  return text;
};

/** `name=value` for the Cookie header. */
export const inCookie = ({ name, style }: OpenApiParameterNode, value: unknown): string =>
  `${encode(name)}=${encode(style === 'json' ? exactText(value) : joined(value, false, plain))}`;

/** A body of type application/x-www-form-urlencoded. */
export const formBody = (value: unknown): string => {
  if (!isRecord(value)) throw new InvalidArgument('it is not an object');
  const pairs = membersOf(value).flatMap(([key, member]) =>
    (Array.isArray(member) ? itemsOf(member) : [member]).map((item) => `${encode(key)}=${encoded(item)}`),
  );
  return pairs.join('&').replaceAll('%20', '+');
};
