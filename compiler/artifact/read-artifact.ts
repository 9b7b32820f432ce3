/** From the text of an artifact to its graph. Nothing in it is believed: what can be computed again is compared. */
import {
  ARTIFACT_FORMAT_VERSION,
  type Artifact,
  OLDEST_ARTIFACT_FORMAT_VERSION,
  type References,
} from '../../schema/artifact.ts';
import { canonicalJson } from '../../schema/canonical-json.ts';
import { parseExactly } from '../../schema/escaped-keys.ts';
import { GRAPH_FORMAT_VERSION } from '../../schema/graph/graph.ts';
import type { Report } from '../diagnostics/report.ts';
import { deepFreeze } from '../lower/deep-freeze.ts';
import { fingerprintNodes, sha256 } from '../lower/fingerprint.ts';
import type { SourceFile } from '../source/source-file.ts';
import type { Path } from '../source/tree.ts';
import { graphShape } from './graph/graph.ts';
import { danglingName } from './graph-names.ts';
import { isPlace } from './places.ts';
import { referencesOf } from './references.ts';
import { repeatedKey } from './repeated-key.ts';
import { fields, list, literal, record, type Shape } from './shape.ts';
import { valuePlace } from './value-place.ts';

/** The largest artifact that is read. */
export const MAX_ARTIFACT_BYTES = 16 * 1024 * 1024;

const MAX_DEPTH = 64;

const FIRST_KEY =
  /^\s*\{\s*"(?:compilerVersion|fingerprints|formatVersion|graph|hash|places|references|sources)"/;
const HEAD_BYTES = 256;

/** Whether a file is meant as an artifact: a JSON object that begins with one of its members. */
export const isArtifact = (bytes: Uint8Array): boolean =>
  FIRST_KEY.test(new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES)));

const place: Shape<string> = {
  faultOf: (value, path) => (isPlace(value) ? undefined : { path, expected: '`file:line:column`' }),
};

const digest: Shape<string> = {
  faultOf: (value, path) =>
    typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
      ? undefined
      : { path, expected: 'a SHA-256 in hexadecimal' },
};

const version: Shape<number> = {
  faultOf: (value, path) => (Number.isSafeInteger(value) ? undefined : { path, expected: 'a whole number' }),
};

const artifactShape = fields<Artifact>({
  formatVersion: version,
  compilerVersion: literal,
  hash: digest,
  graph: graphShape,
  fingerprints: record(digest),
  references: fields<References>({ env: list(literal), files: list(literal) }),
  sources: list(fields<Artifact['sources'][number]>({ path: literal, sha256: digest })),
  places: record(place),
});

/** Cheap however deep it is: stops at the bound. */
const isTooDeep = (value: unknown, left: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (left === 0 || Object.values(value).some((member) => isTooDeep(member, left - 1)));

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

const parseText = (file: SourceFile, report: Report): unknown => {
  try {
    return parseExactly(file.text);
  } catch (error) {
    const at = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? file.text.trimEnd().length);
    const start = Math.min(at, file.text.length);
    report('GW6001', { file, start, end: start + 1 }, {});
    return undefined;
  }
};

/** Whether formats are known. Asked first: what else is wrong with another format says nothing. */
const isKnownFormat = (file: SourceFile, value: unknown, report: Report): boolean => {
  const compilerVersion = memberOf(value, 'compilerVersion');
  const by = typeof compilerVersion === 'string' ? compilerVersion : undefined;
  const judge = (what: string, found: unknown, oldest: number, newest: number): boolean => {
    if (!Number.isSafeInteger(found)) return true;
    const version = found as number;
    if (version >= oldest && version <= newest) return true;
    report('GW6000', { file, start: 0, end: 1 }, { what, version, oldest, newest, by });
    return false;
  };
  return (
    judge(
      'artifact',
      memberOf(value, 'formatVersion'),
      OLDEST_ARTIFACT_FORMAT_VERSION,
      ARTIFACT_FORMAT_VERSION,
    ) &&
    judge(
      'graph',
      memberOf(memberOf(value, 'graph'), 'formatVersion'),
      GRAPH_FORMAT_VERSION,
      GRAPH_FORMAT_VERSION,
    )
  );
};

/** Whether the text is the one spelling of its value: no key twice, no blanks, keys sorted. */
const isCanonical = (file: SourceFile, value: unknown, report: Report): boolean => {
  const written = `${canonicalJson(value)}\n`;
  if (written === file.text) return true;
  const repeated = repeatedKey(file.text);
  if (repeated) {
    const { key, offset } = repeated;
    report('GW6003', { file, start: offset, end: offset + JSON.stringify(key).length }, { key });
    return false;
  }
  let start = 0;
  while (start < file.text.length && file.text[start] === written[start]) start += 1;
  report('GW6002', { file, start, end: start + 1 }, {});
  return false;
};

/** Whether what is said of the graph is what the graph yields. */
const isConsistent = (file: SourceFile, artifact: Artifact, report: Report): boolean => {
  const { graph } = artifact;
  const yielded = {
    hash: sha256(canonicalJson(graph)),
    fingerprints: fingerprintNodes(graph),
    references: referencesOf(graph),
  };
  for (const member of ['hash', 'fingerprints', 'references'] as const) {
    if (canonicalJson(artifact[member]) === canonicalJson(yielded[member])) continue;
    report('GW6005', valuePlace(file, artifact, [member]), { member });
    return false;
  }
  return true;
};

/** The artifact, frozen; undefined, with one finding, if anything in it is not as `gatewright compile` writes it. */
export const readArtifact = (file: SourceFile, report: Report): Artifact | undefined => {
  const value = parseText(file, report);
  if (value === undefined) return undefined;
  if (isTooDeep(value, MAX_DEPTH)) {
    report('GW0018', { file, start: 0, end: 1 }, { what: 'the nesting', limit: MAX_DEPTH, unit: 'level' });
    return undefined;
  }
  if (!isKnownFormat(file, value, report) || !isCanonical(file, value, report)) return undefined;
  const fault = artifactShape.faultOf(value, []);
  const at = (path: Path) => valuePlace(file, value, path);
  if (fault) {
    report('GW6004', at(fault.path), { path: fault.path.join('.'), expected: fault.expected });
    return undefined;
  }
  const artifact = value as Artifact;
  const dangling = danglingName(artifact.graph);
  if (dangling) {
    const { section, name, path } = dangling;
    report('GW6006', at(['graph', ...path]), { section, name });
    return undefined;
  }
  return isConsistent(file, artifact, report) ? deepFreeze(artifact) : undefined;
};
