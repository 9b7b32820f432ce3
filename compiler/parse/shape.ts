/** Shape: the tree against the schema. Each finding is on the key or value that causes it. */
import { hasReference } from '../../schema/reference.ts';
import { meantFix } from '../diagnostics/meant-fix.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Report } from '../diagnostics/report.ts';
import {
  anchorPlaceAt,
  keyPlaceAt,
  type Path,
  plainData,
  type SourceMap,
  type SourceValue,
  valueAt,
} from '../source/tree.ts';
import { type KeyMeant, meantBy } from './key-meant.ts';
import { ownerOf } from './owner.ts';
import { chooseSchema, dereference, propertySchema, type Schema } from './schema.ts';
import { settleTypes } from './settle-types.ts';
import { reportScalar } from './shape-scalar.ts';
import type { ShapeError, Validate } from './shape-validator.generated.js';

/** What is wrong at one place of the tree. */
interface Fault {
  readonly path: Path;
  readonly value: SourceValue;
  /** Before a branch is chosen. */
  readonly schema: Schema;
  readonly errors: readonly ShapeError[];
}

const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const schemaAt = (root: SourceMap, rootSchema: Schema, path: Path): Schema | undefined => {
  let schema: Schema | undefined = rootSchema;
  let value: SourceValue | undefined = root;
  for (const step of path) {
    const chosen: Schema | undefined = schema && value && chooseSchema(schema, value);
    schema = chosen && (value?.kind === 'list' ? chosen.items : propertySchema(chosen, String(step)));
    value = value && valueAt(value, [step]);
  }
  return schema && dereference(schema);
};

const groupFaults = (
  root: SourceMap,
  rootSchema: Schema,
  errors: readonly ShapeError[],
): readonly Fault[] => {
  const byPointer = Map.groupBy(errors, (error) => error.instancePath);
  const faults: Fault[] = [];
  for (const [pointer, own] of byPointer) {
    const path = pathOf(pointer);
    const value = valueAt(root, path);
    const schema = schemaAt(root, rootSchema, path);
    const isHole = value?.kind === 'scalar' && value.isHole;
    if (value && schema && !isHole) faults.push({ path, value, schema, errors: own });
  }
  return faults;
};

/** Whether a map says that it is of another type than the only one there is; nothing else of it is checked. */
const hasOtherType = (map: SourceMap, schema: Schema): boolean => {
  const due = dereference(schema.properties?.type ?? {}).const;
  const type = map.entries.get('type')?.value;
  return due !== undefined && type?.kind === 'scalar' && type.value !== due;
};

/** The first sentence. */
const briefly = (description: string): string =>
  /^.*?[.:;](?=\s|$)/.exec(description)?.[0].replace(/[:;]$/, '.') ?? description;

const reportMissing = (root: SourceMap, path: Path, schema: Schema, key: string, report: Report): void => {
  const property = dereference(schema.properties?.[key] ?? {});
  const example = property.examples?.[0] ?? property.default ?? property.const;
  const isShown = example !== undefined && typeof example !== 'object';
  report('GW1002', anchorPlaceAt(root, path), {
    key,
    owner: ownerOf(path),
    description: briefly(property.description ?? ''),
    example: isShown ? String(example) : undefined,
  });
};

const MAX_MEANT = 100;

/** Unknown and missing keys of one map; a missing key that was misspelt is told once, as the unknown one. */
const reportKeys = (root: SourceMap, fault: Fault, report: Report): void => {
  const { path, value, schema, errors } = fault;
  const chosen = chooseSchema(schema, value);
  if (value.kind !== 'map' || !chosen) return;
  if (hasOtherType(value, chosen)) return;
  const name = ownerOf(path);
  const known = Object.keys(chosen.properties ?? {}).filter((key) => !value.entries.has(key));
  const missing = new Set<string>();
  let told = 0;
  for (const error of errors)
    if (error.keyword === 'required' && !value.isIncomplete)
      missing.add(String(error.params.missingProperty));
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const key = String(error.params.additionalProperty);
    const entry = value.entries.get(key)!;
    const place = entry.keyPlace;
    const pattern = Object.keys(chosen.patternProperties ?? {})[0];
    if (pattern !== undefined) {
      report('GW1009', place, { name: key, pattern, owner: name });
      continue;
    }
    const owner = { root, path, map: value, schema, missing };
    // Of very many unknown keys nobody asks what each was meant to be.
    const meant: KeyMeant = told++ < MAX_MEANT ? meantBy(owner, entry) : {};
    const { nearest: near, advice, explains = [] } = meant;
    for (const explained of near ? [near] : explains) missing.delete(explained);
    const fixes = meantFix(place, key, near, known);
    report('GW1001', place, { key, owner: name, nearest: near, known, advice }, { fixes });
  }
  for (const key of missing) reportMissing(root, path, chosen, key, report);
};

const reportLength = (root: SourceMap, { path, value, errors }: Fault, report: Report): void => {
  for (const { keyword, params } of errors) {
    const limit = Number(params.limit);
    const what = value.kind === 'list' ? 'list' : 'text';
    const place = value.kind === 'scalar' ? value.place : (keyPlaceAt(root, path) ?? value.place);
    if (keyword === 'minItems' || keyword === 'minLength')
      report('GW1008', place, { what, least: limit, most: undefined });
    if (keyword === 'maxItems' || keyword === 'maxLength')
      report('GW1008', place, { what, least: undefined, most: limit });
  }
};

const isReferenceScalar = (value: SourceValue): boolean =>
  value.kind === 'scalar' && typeof value.value === 'string' && hasReference(value.value);

const reportOnlyType = (root: SourceMap, { path, value, schema }: Fault, report: Report): boolean => {
  if (path.at(-1) !== 'type' || schema.const === undefined || value.kind !== 'scalar') return false;
  const types = [String(schema.const)];
  const type = String(value.value ?? value.written);
  const near = nearest(type, types);
  const fixes = meantFix(value.place, type, near, types);
  const place = value.written === '' ? anchorPlaceAt(root, path) : value.place;
  report('GW1006', place, { type, owner: ownerOf(path.slice(0, -1)), types, nearest: near }, { fixes });
  return true;
};

const reportFault = (root: SourceMap, fault: Fault, report: Report): void => {
  const { value, schema, errors } = fault;
  if (reportOnlyType(root, fault, report)) return;
  // Types were settled before.
  if (errors.some(({ keyword }) => keyword === 'discriminator')) return;
  if (value.kind === 'map' && chooseSchema(schema, value)?.type === 'object') reportKeys(root, fault, report);
  else if (errors.every(({ keyword }) => /^(min|max)(Items|Length)$/.test(keyword))) {
    if (!isReferenceScalar(value)) reportLength(root, fault, report);
  } else reportScalar(root, fault, report);
};

/** A file's schema and the validator made from it. */
export interface Form {
  readonly schema: Schema;
  readonly validate: Validate;
}

/** A tree with the types that were meant, and the paths of what has the wrong shape. */
interface Checked {
  readonly tree: SourceMap;
  readonly faults: readonly Path[];
}

/** Reports where the tree does not have the form's shape. */
export const checkShape = (root: SourceMap, { schema, validate }: Form, report: Report): Checked => {
  if (validate(plainData(root))) return { tree: root, faults: [] };
  const { tree, settled } = settleTypes(root, schema, report);
  const isSound = validate(plainData(tree));
  const errors = isSound ? [] : (validate.errors ?? []);
  for (const fault of groupFaults(tree, schema, errors)) reportFault(tree, fault, report);
  return { tree, faults: [...settled, ...errors.map(({ instancePath }) => pathOf(instancePath))] };
};
