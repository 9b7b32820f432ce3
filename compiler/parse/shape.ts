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
import { ownerOf } from './owner.ts';
import { branchWord, chooseSchema, dereference, propertySchema, type Schema } from './schema.ts';
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

/** The key of a client's file, which names by one word what are upstreams and servers here. */
const CLIENT_KEY = /^mcp[-_]?servers$/i;
const CLIENT_ADVICE =
  'declare each of them as an upstream in `upstreams`, and in `servers` what of them is served, and where';

/** Unknown and missing keys of one map; a missing key that was misspelt is told once, as the unknown one. */
const reportKeys = (root: SourceMap, { path, value, schema, errors }: Fault, report: Report): void => {
  const chosen = chooseSchema(schema, value);
  if (value.kind !== 'map' || !chosen) return;
  if (hasOtherType(value, chosen)) return;
  const owner = ownerOf(path);
  const known = Object.keys(chosen.properties ?? {}).filter((key) => !value.entries.has(key));
  const missing = new Set<string>();
  for (const error of errors)
    if (error.keyword === 'required' && !value.isIncomplete)
      missing.add(String(error.params.missingProperty));
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const key = String(error.params.additionalProperty);
    const place = value.entries.get(key)!.keyPlace;
    const pattern = Object.keys(chosen.patternProperties ?? {})[0];
    if (pattern !== undefined) {
      report('GW1009', place, { name: key, pattern, owner });
      continue;
    }
    if (path.length === 0 && CLIENT_KEY.test(key)) {
      for (const meant of ['upstreams', 'servers']) missing.delete(meant);
      report('GW1001', place, { key, owner, nearest: undefined, known: [], advice: CLIENT_ADVICE });
      continue;
    }
    const near = nearest(key, missing) ?? nearest(key, known);
    if (near) missing.delete(near);
    const fixes = meantFix(place, key, near, known);
    report('GW1001', place, { key, owner, nearest: near, known }, { fixes });
  }
  for (const key of missing) {
    const property = dereference(chosen.properties?.[key] ?? {});
    const example = property.examples?.[0] ?? property.default ?? property.const;
    report('GW1002', anchorPlaceAt(root, path), {
      key,
      owner,
      description: property.description ?? '',
      example: typeof example === 'object' ? undefined : example === undefined ? undefined : String(example),
    });
  }
};

const reportType = (root: SourceMap, { path, value, schema }: Fault, report: Report): void => {
  if (value.kind !== 'map') return;
  const owner = ownerOf(path);
  const types = (schema.oneOf ?? []).map(branchWord);
  const type = value.entries.get('type');
  if (type) {
    const word = type.value.kind === 'scalar' ? String(type.value.value ?? type.value.written) : '';
    const near = nearest(word, types);
    const place = type.value.kind === 'scalar' ? type.value.place : type.keyPlace;
    const fixes = meantFix(place, word, near, types);
    report('GW1006', place, { type: word, owner, types, nearest: near }, { fixes });
    return;
  }
  const misspelt = [...value.entries.values()].find(
    ({ key }) =>
      nearest(key, ['type']) && !schema.oneOf!.some((branch) => propertySchema(dereference(branch), key)),
  );
  if (misspelt) {
    const data = { key: misspelt.key, owner, nearest: 'type', known: [] };
    report('GW1001', misspelt.keyPlace, data, {
      fixes: meantFix(misspelt.keyPlace, misspelt.key, 'type', []),
    });
  } else if (!value.isIncomplete) report('GW1005', anchorPlaceAt(root, path), { owner, types });
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
  if (errors.some(({ keyword }) => keyword === 'discriminator')) reportType(root, fault, report);
  else if (value.kind === 'map' && chooseSchema(schema, value)?.type === 'object')
    reportKeys(root, fault, report);
  else if (errors.every(({ keyword }) => /^(min|max)(Items|Length)$/.test(keyword))) {
    if (!isReferenceScalar(value)) reportLength(root, fault, report);
  } else reportScalar(root, fault, report);
};

/** A file's schema and the validator made from it. */
export interface Form {
  readonly schema: Schema;
  readonly validate: Validate;
}

/** Reports where the tree does not have the form's shape; the paths of what is wrong. */
export const checkShape = (root: SourceMap, { schema, validate }: Form, report: Report): readonly Path[] => {
  if (validate(plainData(root))) return [];
  const faults = groupFaults(root, schema, validate.errors ?? []);
  for (const fault of faults) reportFault(root, fault, report);
  return (validate.errors ?? []).map(({ instancePath }) => pathOf(instancePath));
};
