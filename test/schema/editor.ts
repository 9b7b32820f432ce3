/** What an editor shows of a file: an independent JSON Schema validator with the published schema. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputUnit, Validator } from '@cfworker/json-schema';
import { parseDocument } from 'yaml';
import { FIXTURES } from '../compiler/fixture.ts';

const SCHEMA = new URL('../../schema/gateway.schema.json', import.meta.url);

const validator = new Validator(JSON.parse(readFileSync(SCHEMA, 'utf8')), '7', false);

/** Keywords whose errors only say that there are others below. */
const AROUND = new Set(['$ref', 'properties', 'patternProperties', 'items', 'false']);

/** A value that a union is about, with the place of the union in the schema. */
interface Union {
  readonly keyword: string;
  readonly instance: string;
}

/** One of the schemas of a union, as an error under it is of it. */
const branchIn = ({ keyword, instance }: Union, error: OutputUnit): string | undefined => {
  const isBelow = error.instanceLocation === instance || error.instanceLocation.startsWith(`${instance}/`);
  if (!isBelow || !error.keywordLocation.startsWith(`${keyword}/`)) return undefined;
  return /^\d+/.exec(error.keywordLocation.slice(keyword.length + 1))?.[0];
};

/** Branches of another `type`, or of another kind of value, than what is written: all but the one that was meant. */
const strangeBranches = (union: Union, errors: readonly OutputUnit[]): ReadonlySet<string> =>
  new Set(
    errors.flatMap((error) => {
      const branch = branchIn(union, error);
      const isOtherType = error.keyword === 'const' && error.instanceLocation === `${union.instance}/type`;
      const isOtherKind =
        ['type', 'const'].includes(error.keyword) && error.instanceLocation === union.instance;
      return branch !== undefined && (isOtherType || isOtherKind) ? [branch] : [];
    }),
  );

/** The text as an editor reads it; undefined if it is no YAML, or its aliases lead nowhere. */
export const editorData = (text: string): { readonly value: unknown } | undefined => {
  const document = parseDocument(text, { version: '1.2', logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch {
    return undefined;
  }
};

const pathOf = (location: string): string =>
  decodeURIComponent(location.slice(1)).replaceAll('~1', '/').replaceAll('~0', '~');

/** What is underlined: in a union the faults of the branch that was meant, or the union where none was. */
const shownPaths = (errors: readonly OutputUnit[]): readonly string[] => {
  const unions = errors
    .filter(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf')
    .map(({ keywordLocation, instanceLocation }) => {
      const union = { keyword: keywordLocation, instance: instanceLocation };
      const branches = new Set(errors.map((error) => branchIn(union, error)).filter((branch) => branch));
      const strange = strangeBranches(union, errors);
      return { union, strange, isNone: strange.size === branches.size };
    });
  const isStrange = (error: OutputUnit): boolean =>
    unions.some(({ union, strange }) => strange.has(branchIn(union, error) ?? ''));
  const shown = errors.flatMap((error) => {
    if (AROUND.has(error.keyword) || isStrange(error)) return [];
    if (error.keyword === 'oneOf' || error.keyword === 'anyOf') {
      const own = unions.find(
        ({ union }) => union.keyword === error.keywordLocation && union.instance === error.instanceLocation,
      );
      return own?.isNone ? [error.instanceLocation] : [];
    }
    if (error.keyword !== 'additionalProperties') return [error.instanceLocation];
    const key = /^Property "(.*)" does not match additional properties schema/.exec(error.error)?.[1] ?? '';
    return [`${error.instanceLocation}/${encodeURIComponent(key)}`];
  });
  return [...new Set(shown.map(pathOf))].sort();
};

/** Paths in the file, of map keys and list positions joined by `/`, at which the schema does not hold. */
export const editorFindings = (value: unknown): readonly string[] =>
  shownPaths(validator.validate(value).errors);

/** Whether a fixture is one file: what others bring in by `include`, an editor does not know. */
export const isWhole = (group: string, name: string): boolean => {
  const main = join(FIXTURES, group, name, 'gateway.yaml');
  return existsSync(main) && !/^include:/m.test(readFileSync(main, 'utf8'));
};
