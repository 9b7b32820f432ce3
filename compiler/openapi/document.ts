/** An OpenAPI document as data, with places for what is found in it. */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import type { Report } from '../diagnostics/report.ts';
import { readJson } from '../source/read-json.ts';
import type { Place, SourceFile } from '../source/source-file.ts';
import { reportYamlErrors } from '../source/yaml-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Keys and indices from the root. */
export type SpecPath = readonly string[];

export interface SpecDocument {
  readonly root: JsonObject;
  readonly version: '3.0' | '3.1';
  /** The value at `path`, if it is a text or a number, else its key; the nearest that there is. */
  placeOf(path: SpecPath): Place;
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of an object that it has itself. */
export const memberOf = (value: unknown, key: string): unknown =>
  isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** The members of what should be an object, in their order. */
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isJsonObject(value) ? Object.entries(value) : [];

/** A member that is a text with something in it. */
export const textOf = (value: unknown, key: string): string | undefined => {
  const text = memberOf(value, key);
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
};

/** Deeper documents are refused: what reads them calls itself for each level. */
const MAX_DEPTH = 100;

const parseYaml = (text: string, uniqueKeys: boolean): Document.Parsed<ParsedNode> =>
  parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys,
    prettyErrors: false,
    logLevel: 'error',
  }) as Document.Parsed<ParsedNode>;

const isTooDeep = (value: unknown, depth = 0): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  return Object.values(value).some((child) => isTooDeep(child, depth + 1));
};

const readData = (file: SourceFile, report: Report): { readonly value: unknown } | undefined => {
  if (/\.json$/i.test(file.path)) return readJson(file, report);
  const document = parseYaml(file.text, true);
  if (reportYamlErrors(document, file, report)) return undefined;
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch {
    report(
      'GW0018',
      { file, start: 0, end: 0 },
      { what: 'the number of aliases', limit: 100, unit: 'alias' },
    );
    return undefined;
  }
};

/** The node at `path` and the key that leads to it, as deep as there is one. */
const findNode = (root: Node | null, path: SpecPath): { node: Node | null; key: Node | null } => {
  let found: { node: Node | null; key: Node | null } = { node: root, key: null };
  for (const step of path) {
    const { node } = found;
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
      : undefined;
    const item = isSeq(node) ? node.items[Number(step)] : undefined;
    if (pair === undefined && item === undefined) break;
    found =
      pair === undefined
        ? { node: isNode(item) ? item : null, key: found.key }
        : { node: isNode(pair.value) ? pair.value : null, key: isNode(pair.key) ? pair.key : null };
  }
  return found;
};

/** Places are sought when there is something to tell: the text is then read once more. */
const placesOf = (file: SourceFile): ((path: SpecPath) => Place) => {
  let root: Node | null | undefined;
  return (path) => {
    root ??= parseYaml(file.text, false).contents;
    const { node, key } = findNode(root, path);
    const range = (isScalar(node) ? node : (key ?? node))?.range;
    return range ? { file, start: range[0], end: range[1] } : { file, start: 0, end: 0 };
  };
};

const versionProblem = (version: unknown): 'none' | 'other' | undefined => {
  if (typeof version !== 'string' && typeof version !== 'number') return 'none';
  return /^3\.[01](\.|$)/.test(String(version)) ? undefined : 'other';
};

/** The document of a file; undefined, with findings, if it is none that can be read. */
export const readSpecDocument = (file: SourceFile, report: Report): SpecDocument | undefined => {
  const data = readData(file, report);
  if (!data) return undefined;
  const { value: root } = data;
  const start = { file, start: 0, end: Math.min(1, file.text.length) };
  if (isTooDeep(root)) {
    report('GW0018', start, { what: 'the nesting', limit: MAX_DEPTH, unit: 'level' });
    return undefined;
  }
  const placeOf = placesOf(file);
  const version = memberOf(root, 'openapi') ?? memberOf(root, 'swagger');
  const problem = versionProblem(version);
  if (!isJsonObject(root) || problem === 'none') {
    report('GW3070', start, {});
    return undefined;
  }
  if (problem === 'other') {
    const key = memberOf(root, 'openapi') === undefined ? 'swagger' : 'openapi';
    report('GW3071', placeOf([key]), { version: String(version) });
    return undefined;
  }
  return { root, version: String(version).startsWith('3.0') ? '3.0' : '3.1', placeOf };
};
