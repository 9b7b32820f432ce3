/** The tree as typed data: formats checked, references recognised, defaults filled in. */
import { posix } from 'node:path';
import type { Reference } from '../../schema/graph/graph.ts';
import {
  hasReference,
  parseReference,
  type ReferencePart,
  referenceText,
  unescapeDollar,
} from '../../schema/reference.ts';
import type { ReferenceType } from '../../schema/reference-value.ts';
import type { ScalarUse } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import { numberLookAlike, textLookAlike } from '../source/look-alike.ts';
import type { Path, SourceList, SourceMap, SourceScalar, SourceValue } from '../source/tree.ts';
import { checkFormat, checksNumber } from './format/format.ts';
import { reportLiteralSecret } from './literal-secret.ts';
import { checkDefaults } from './reference-default.ts';
import { reportReferenceProblem } from './reference-problem.ts';
import { admitsReference, chooseSchema, dereference, propertySchema, type Schema } from './schema.ts';

/** Stands for a value with findings; whoever needs it is left out too. */
const UNSOUND = Symbol('unsound');

interface Binder {
  /** The folder that paths of references are relative to. */
  readonly folder: string;
  readonly report: Report;
  /** Joined paths of what has the wrong shape. */
  readonly faults: ReadonlySet<string>;
  readonly scalars: ScalarUse[];
}

/** A default, with the defaults of what it leaves out. */
const fillDefault = (schema: Schema, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const own = dereference(schema);
  const filled = own.anyOf?.map(dereference).find(({ type }) => type === 'object') ?? own;
  const data: Record<string, unknown> = { ...value };
  for (const [key, property] of Object.entries(filled.properties ?? {})) {
    const fallback = dereference(property).default ?? property.default;
    if (!(key in data) && fallback !== undefined) data[key] = fillDefault(property, fallback);
  }
  return data;
};

const referenceKind = (schema: Schema): Reference['as'] => {
  const format = schema['x-format'];
  if (format === 'duration' || format === 'size' || format === 'http-url') return format;
  const types = [schema.type].flat();
  return types.includes('integer') ? 'integer' : types.includes('boolean') ? 'boolean' : 'string';
};

const referenceType = (schema: Schema): ReferenceType => {
  const { minimum, maximum, 'x-min-bytes': minBytes } = schema;
  return {
    as: referenceKind(schema),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(minBytes === undefined ? {} : { minBytes }),
  };
};

const reportLiteral = (binder: Binder, scalar: SourceScalar, path: Path): typeof UNSOUND => {
  reportLiteralSecret(scalar, String(path.findLast((step) => typeof step === 'string')), binder.report);
  return UNSOUND;
};

/** Without positions: some lists are sorted in the graph, which must not tell how they were written. */
const fieldOf = (path: Path): string => path.filter((step) => typeof step === 'string').join('.');

/** The text with its files as they are called from the main file's folder; as written where it stands there. */
const fromMainFolder = (
  binder: Binder,
  scalar: SourceScalar,
  text: string,
  parts: readonly ReferencePart[],
): string => {
  const folder = posix.dirname(scalar.place.file.path);
  const isElsewhere = posix.isAbsolute(folder) && !posix.isAbsolute(binder.folder);
  const own = isElsewhere ? folder : posix.relative(binder.folder, folder);
  if (own === '') return text;
  const moved = (part: ReferencePart): ReferencePart =>
    part.kind === 'file' && !posix.isAbsolute(part.path)
      ? { ...part, path: posix.join(own, part.path) }
      : part;
  return referenceText(parts.map(moved));
};

const bindReference = (
  binder: Binder,
  scalar: SourceScalar,
  schema: Schema,
  path: Path,
  text: string,
): unknown => {
  if (!admitsReference(schema)) {
    binder.report('GW3031', scalar.place, { text });
    return UNSOUND;
  }
  const { parts, problems } = parseReference(text);
  for (const problem of problems) reportReferenceProblem(scalar, problem, binder.report);
  if (problems.length > 0) return UNSOUND;
  const hasDefault = parts.some((part) => part.kind === 'env' && (part.fallback ?? '') !== '');
  if (schema['x-format'] === 'secret' && hasDefault) return reportLiteral(binder, scalar, path);
  const type = referenceType(schema);
  if (!checkDefaults(scalar, parts, type, binder.report)) return UNSOUND;
  binder.scalars.push({ path, scalar, schema });
  return { $reference: fromMainFolder(binder, scalar, text, parts), path: fieldOf(path), ...type };
};

const bindText = (
  binder: Binder,
  scalar: SourceScalar,
  schema: Schema,
  path: Path,
  text: string,
): unknown => {
  if (hasReference(text)) return bindReference(binder, scalar, schema, path, text);
  if (schema['x-format'] === 'secret') return reportLiteral(binder, scalar, path);
  const isFree = schema.enum === undefined && schema['x-format'] === undefined;
  if (isFree && textLookAlike(scalar, binder.report)) return UNSOUND;
  const plain = unescapeDollar(text);
  if (!checkFormat({ text: plain, scalar, place: scalar.place, schema, report: binder.report }))
    return UNSOUND;
  binder.scalars.push({ path, scalar, schema });
  return plain;
};

const bindScalar = (binder: Binder, scalar: SourceScalar, schema: Schema, path: Path): unknown => {
  const { value } = scalar;
  const format = schema['x-format'];
  if (format !== undefined && checksNumber(scalar, format)) {
    if (format === 'secret') return reportLiteral(binder, scalar, path);
    checkFormat({ text: scalar.written, scalar, place: scalar.place, schema, report: binder.report });
    return UNSOUND;
  }
  if (typeof value === 'string' && hasReference(value))
    return bindReference(binder, scalar, schema, path, value);
  // A format's pattern may have failed; what is wrong is told by the format's own check.
  const isFormatted = typeof value === 'string' && format !== undefined;
  if (!isFormatted && binder.faults.has(path.join('/'))) return UNSOUND;
  if (typeof value === 'number' && numberLookAlike(scalar, binder.report)) return UNSOUND;
  return typeof value === 'string' ? bindText(binder, scalar, schema, path, value) : value;
};

const bindList = (binder: Binder, list: SourceList, schema: Schema, path: Path): unknown => {
  const bound = list.items.map((item, index) => bind(binder, item, schema.items!, [...path, index]));
  if (binder.faults.has(path.join('/'))) return UNSOUND;
  return bound.filter((item) => item !== UNSOUND);
};

const bindMap = (binder: Binder, map: SourceMap, schema: Schema, path: Path): unknown => {
  const data: [string, unknown][] = [];
  for (const { key, value } of map.entries.values()) {
    const property = propertySchema(schema, key);
    const bound = property && bind(binder, value, property, [...path, key]);
    if (property && bound !== UNSOUND) data.push([key, bound]);
  }
  const object = Object.fromEntries(data);
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const fallback = property.default ?? dereference(property).default;
    if (!Object.hasOwn(object, key) && fallback !== undefined) object[key] = fillDefault(property, fallback);
  }
  const isWhole = (schema.required ?? []).every((key) => Object.hasOwn(object, key));
  return isWhole || path.length === 0 ? object : UNSOUND;
};

const bind = (binder: Binder, value: SourceValue, schema: Schema, path: Path): unknown => {
  const chosen = chooseSchema(schema, value);
  const type = [chosen?.type].flat()[0];
  if (!chosen) return UNSOUND;
  if (value.kind === 'map') return type === 'object' ? bindMap(binder, value, chosen, path) : UNSOUND;
  if (value.kind === 'list') return type === 'array' ? bindList(binder, value, chosen, path) : UNSOUND;
  return type === 'object' || type === 'array' ? UNSOUND : bindScalar(binder, value, chosen, path);
};

/** Data and scalars of the whole tree. Reports what is wrong with texts; shape was reported before. */
export const bindData = (
  root: SourceMap,
  schema: Schema,
  faults: readonly Path[],
  report: Report,
): { data: Record<string, unknown>; scalars: readonly ScalarUse[] } => {
  const binder: Binder = {
    folder: posix.dirname(root.place.file.path),
    report,
    faults: new Set(faults.map((path) => path.join('/'))),
    scalars: [],
  };
  const data = bind(binder, root, schema, []) as Record<string, unknown>;
  return { data, scalars: binder.scalars };
};
