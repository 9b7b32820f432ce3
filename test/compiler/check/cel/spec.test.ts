import { isCelError } from '@bufbuild/cel';
import { describe, expect, test } from 'vitest';
import { inferCel } from '../../../../compiler/check/cel/check.ts';
import type { CelProblem } from '../../../../compiler/check/cel/problem.ts';
import { prepareCel } from '../../../../policies/cel/program.ts';
import { typeName } from '../../../../policies/cel/types.ts';
import { celTypeOf, environmentOf, shownOutcome, shownValue } from './spec-environment.ts';
import { EXCLUSIONS, exclusionOf } from './spec-exclusions.ts';
import { SPEC_VECTORS, type SpecType, type SpecVector } from './spec-vectors.ts';

/** How many vectors of each group are run, of how many. Fewer, or a failure among them, is a step back. */
const RUN: Readonly<Record<string, readonly [run: number, all: number]>> = {
  basic: [43, 43],
  bindings_ext: [0, 5],
  block_ext: [0, 37],
  comparisons: [334, 406],
  conversions: [109, 109],
  dynamic: [0, 226],
  encoders_ext: [0, 4],
  enums: [0, 85],
  fields: [52, 60],
  fp_math: [30, 30],
  integer_math: [64, 64],
  lists: [39, 39],
  logic: [26, 30],
  macros: [43, 44],
  macros2: [0, 46],
  math_ext: [0, 199],
  namespace: [1, 3],
  optionals: [0, 70],
  parse: [193, 219],
  plumbing: [5, 5],
  proto2: [0, 108],
  proto2_ext: [0, 18],
  proto3: [0, 75],
  string: [51, 51],
  string_ext: [96, 209],
  timestamps: [74, 76],
  type_deductions: [26, 47],
  wrappers: [0, 36],
};

/** How many vectors each exclusion takes out. */
const EXCLUDED: Readonly<Record<string, number>> = {
  messages: 670,
  libraries: 244,
  'optional values': 65,
  'loops with two variables': 46,
  'quoted fields': 6,
  'format and quote': 110,
  'functions of a host': 5,
  containers: 2,
  'a name that is a value and a group': 2,
  'null as a message': 3,
  'a failure that is absorbed': 4,
  'elements of an empty list': 1,
};

const groups = [...new Set(SPEC_VECTORS.map(({ group }) => group))];
const vectorsOf = (group: string) => SPEC_VECTORS.filter((vector) => vector.group === group);
const included = (group: string) => vectorsOf(group).filter((vector) => exclusionOf(vector) === undefined);

const titleOf = (group: string): string => {
  const all = vectorsOf(group);
  const left = new Map<string, number>();
  for (const vector of all) {
    const what = exclusionOf(vector)?.what;
    if (what !== undefined) left.set(what, (left.get(what) ?? 0) + 1);
  }
  const told = [...left].map(([what, count]) => `${count} ${what}`).join(', ');
  return `${group}: ${included(group).length} of ${all.length} vectors${told === '' ? '' : `; excluded: ${told}`}`;
};

const infer = (vector: SpecVector) => {
  const environment = environmentOf(vector);
  if (environment === undefined) throw new Error(`${vector.id} declares what has no type here`);
  return { environment, ...inferCel(vector.expression, environment as never) };
};

const columnsOf = (expression: string, { offset, length }: CelProblem): readonly number[] => {
  const before = expression.slice(0, offset);
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  return [column, column + length];
};

/** cel-go points at an operator, or at the bracket after a name; at the `?` of a choice whose branch we point at. */
const isPlaceOf = (vector: SpecVector, problem: CelProblem): boolean => {
  const { line, column, text } = vector.refusal!;
  const lines = vector.expression.slice(0, problem.offset).split('\n').length;
  const [start, end] = columnsOf(vector.expression, problem) as [number, number];
  if (text.includes("'_?_:_'")) return lines === line;
  return lines === line && start - 1 <= column && column <= end;
};

const nameOf = (type: SpecType): string | undefined => {
  const known = celTypeOf(type);
  return known && typeName(known);
};

/** What the checker gets wrong about a vector. */
const checkerFault = (vector: SpecVector): string | undefined => {
  const { type, problems } = infer(vector);
  const wanted = vector.deducedType === undefined ? vector.type : nameOf(vector.deducedType);
  const [problem] = problems;
  if (problem === undefined) {
    if (vector.isUnchecked || wanted === undefined) return undefined;
    return typeName(type) === wanted ? undefined : `is ${typeName(type)}, not ${wanted}`;
  }
  if (vector.isUnchecked && vector.refusal !== undefined) {
    return isPlaceOf(vector, problem) ? undefined : `${problem.message}, at ${problem.offset}`;
  }
  return vector.fails ? undefined : `is refused: ${problem.message}`;
};

/** What the evaluator gets wrong about a vector that the checker takes. */
const evaluatorFault = (vector: SpecVector): string | undefined => {
  const { environment, problems } = infer(vector);
  if (problems.length > 0 || (vector.value === undefined && !vector.fails)) return undefined;
  const outcome = prepareCel(vector.expression, environment).evaluate(vector.bindings);
  if (isCelError(outcome)) return vector.fails ? undefined : `fails: ${outcome.message}`;
  const shown = shownOutcome(outcome);
  if (vector.fails) return `is ${shown} and should fail`;
  return shown === shownValue(vector.value!) ? undefined : `is ${shown}, not ${shownValue(vector.value!)}`;
};

const faultsOf = (group: string, faultOf: (vector: SpecVector) => string | undefined): readonly string[] =>
  included(group).flatMap((vector) => {
    const fault = faultOf(vector);
    return fault === undefined ? [] : [`${vector.id} \`${vector.expression}\` ${fault}`];
  });

describe('the checker deduces the types of cel-spec and refuses what has none, at its column', () => {
  test.each(groups.map((group) => [titleOf(group), group]))('%s', (_, group) => {
    expect(faultsOf(group, checkerFault)).toEqual([]);
  });
});

describe('the evaluator yields the values of cel-spec', () => {
  test.each(groups.map((group) => [titleOf(group), group]))('%s', (_, group) => {
    expect(faultsOf(group, evaluatorFault)).toEqual([]);
  });
});

test('no group of cel-spec is run less than before', () => {
  expect(
    Object.fromEntries(groups.map((group) => [group, [included(group).length, vectorsOf(group).length]])),
  ).toEqual(RUN);
});

test('each exclusion has a reason, and takes out no more than before', () => {
  const counted = EXCLUSIONS.map(({ what, reason }) => {
    expect(reason).not.toBe('');
    return [what, SPEC_VECTORS.filter((vector) => exclusionOf(vector)?.what === what).length];
  });
  expect(Object.fromEntries(counted)).toEqual(EXCLUDED);
});
