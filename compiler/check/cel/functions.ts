/** What functions and operators take and yield (cel-spec, langdef, List of Standard Definitions; strings extension). */
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NUMBER,
  STRING,
  TIMESTAMP,
  UINT,
} from '../../../policies/cel/types.ts';

/** One way of calling a function. */
export interface CelSignature {
  /** What stands before the dot of a method; absent for a function. */
  readonly target?: CelType;
  readonly params: readonly CelType[];
  readonly result: CelType;
}

type Signatures = ReadonlyMap<string, readonly CelSignature[]>;

const LIST = listOf(DYN);
const MAP = mapOf(DYN, DYN);

const from = (result: CelType, ...params: readonly CelType[]): readonly CelSignature[] =>
  params.map((param) => ({ params: [param], result }));

const method = (target: CelType, params: readonly CelType[], result: CelType): CelSignature => ({
  target,
  params,
  result,
});

/** With and without a last parameter. */
const methods = (target: CelType, params: readonly CelType[], last: CelType, result: CelType) => [
  method(target, params, result),
  method(target, [...params, last], result),
];

const field = [...methods(TIMESTAMP, [], STRING, INT)];
const part = [...field, method(DURATION, [], INT)];
const question = [method(STRING, [STRING], BOOL)];
const rewrite = [method(STRING, [], STRING)];

/** Functions and methods by name. */
export const FUNCTIONS: Signatures = new Map<string, readonly CelSignature[]>([
  [
    'size',
    [
      ...from(INT, STRING, BYTES, LIST, MAP),
      ...[STRING, BYTES, LIST, MAP].map((type) => method(type, [], INT)),
    ],
  ],
  ['int', from(INT, INT, UINT, DOUBLE, NUMBER, STRING, TIMESTAMP, DURATION)],
  ['uint', from(UINT, UINT, INT, DOUBLE, NUMBER, STRING)],
  ['double', from(DOUBLE, DOUBLE, INT, UINT, NUMBER, STRING)],
  ['bool', from(BOOL, BOOL, STRING)],
  ['bytes', from(BYTES, BYTES, STRING)],
  ['string', from(STRING, STRING, BOOL, INT, UINT, DOUBLE, NUMBER, BYTES, TIMESTAMP, DURATION)],
  ['timestamp', from(TIMESTAMP, TIMESTAMP, STRING, INT)],
  ['duration', from(DURATION, DURATION, STRING)],
  ['type', from({ kind: 'type' }, DYN)],
  ['dyn', from(DYN, DYN)],
  ['contains', question],
  ['startsWith', question],
  ['endsWith', question],
  ['matches', question],
  ['getFullYear', field],
  ['getMonth', field],
  ['getDate', field],
  ['getDayOfMonth', field],
  ['getDayOfWeek', field],
  ['getDayOfYear', field],
  ['getHours', part],
  ['getMinutes', part],
  ['getSeconds', part],
  ['getMilliseconds', part],
  ['charAt', [method(STRING, [INT], STRING)]],
  ['indexOf', methods(STRING, [STRING], INT, INT)],
  ['lastIndexOf', methods(STRING, [STRING], INT, INT)],
  ['lowerAscii', rewrite],
  ['upperAscii', rewrite],
  ['trim', rewrite],
  ['replace', methods(STRING, [STRING, STRING], INT, STRING)],
  ['split', methods(STRING, [STRING], INT, listOf(STRING))],
  ['substring', methods(STRING, [INT], INT, STRING)],
  ['join', methods(listOf(STRING), [], STRING, STRING)],
]);

/** What other languages call them. */
export const FUNCTION_ALIASES: Readonly<Record<string, string>> = {
  len: 'size',
  length: 'size',
  count: 'size',
  includes: 'contains',
  hasPrefix: 'startsWith',
  hasSuffix: 'endsWith',
  match: 'matches',
  regex: 'matches',
  lower: 'lowerAscii',
  toLowerCase: 'lowerAscii',
  upper: 'upperAscii',
  toUpperCase: 'upperAscii',
  any: 'exists',
  some: 'exists',
  every: 'all',
};

const same = (result: CelType | undefined, ...types: readonly CelType[]): readonly CelSignature[] =>
  types.map((type) => ({ params: [type, type], result: result ?? type }));

const both = (a: CelType, b: CelType, result: CelType): CelSignature => ({ params: [a, b], result });

const NUMBERS = [INT, UINT, DOUBLE];

const COMPARED = [...NUMBERS, NUMBER];

const ordering = [
  ...COMPARED.flatMap((left) => COMPARED.map((right) => both(left, right, BOOL))),
  ...same(BOOL, BOOL, STRING, BYTES, TIMESTAMP, DURATION),
];

/** Operators by their name in the tree, where a table tells all: not equality, `in`, logic and choice. */
export const OPERATORS: Signatures = new Map<string, readonly CelSignature[]>([
  ['_<_', ordering],
  ['_<=_', ordering],
  ['_>_', ordering],
  ['_>=_', ordering],
  [
    '_+_',
    [
      ...same(undefined, INT, UINT, DOUBLE, STRING, BYTES, DURATION),
      both(TIMESTAMP, DURATION, TIMESTAMP),
      both(DURATION, TIMESTAMP, TIMESTAMP),
    ],
  ],
  [
    '_-_',
    [
      ...same(undefined, INT, UINT, DOUBLE, DURATION),
      both(TIMESTAMP, TIMESTAMP, DURATION),
      both(TIMESTAMP, DURATION, TIMESTAMP),
    ],
  ],
  ['_*_', same(undefined, ...NUMBERS)],
  ['_/_', same(undefined, ...NUMBERS)],
  ['_%_', same(undefined, INT, UINT)],
  ['-_', from(INT, INT).concat(from(DOUBLE, DOUBLE))],
  ['!_', from(BOOL, BOOL)],
]);
