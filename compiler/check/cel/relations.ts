/** How types relate. `dyn` goes with everything: what it stands for is known only when evaluated. */
import {
  type CelType,
  DYN,
  isDynamic,
  listOf,
  mapOf,
  NUMBER,
  nullableOf,
  STRING,
} from '../../../policies/cel/types.ts';

const NUMERIC: ReadonlySet<string> = new Set(['int', 'uint', 'double', 'number']);

export const isNumeric = ({ kind }: CelType): boolean => NUMERIC.has(kind);

/** Whether a value of `actual` may be one of `wanted`. */
export const isAssignable = (actual: CelType, wanted: CelType): boolean => {
  if (isDynamic(actual) || isDynamic(wanted)) return true;
  if (actual.kind === 'nullable') return wanted.kind === 'null' || isAssignable(actual.of, wanted);
  if (wanted.kind === 'nullable') return actual.kind === 'null' || isAssignable(actual, wanted.of);
  if (wanted.kind === 'number') return isNumeric(actual) && actual.kind !== 'uint';
  if (actual.kind === 'list' && wanted.kind === 'list') return isAssignable(actual.element, wanted.element);
  const [from, to] = [entriesOf(actual), entriesOf(wanted)];
  if (from !== undefined && to !== undefined) {
    return isAssignable(from.key, to.key) && isAssignable(from.value, to.value);
  }
  return actual.kind === wanted.kind;
};

/** A type without null. */
export const present = (type: CelType): CelType => (type.kind === 'nullable' ? type.of : type);

/** Keys and values of a map or of an object, whose values differ. */
export const entriesOf = (type: CelType): { readonly key: CelType; readonly value: CelType } | undefined => {
  if (type.kind === 'map') return type;
  return type.kind === 'object' ? { key: STRING, value: DYN } : undefined;
};

/** Whether two values may ever be equal. Numbers are compared across their types. */
export const areComparable = (a: CelType, b: CelType): boolean => {
  if (isDynamic(a) || isDynamic(b)) return true;
  if (a.kind === 'nullable') return b.kind === 'null' || areComparable(a.of, b);
  if (b.kind === 'nullable') return areComparable(b, a);
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind === 'list' && b.kind === 'list') return areComparable(a.element, b.element);
  const [from, to] = [entriesOf(a), entriesOf(b)];
  if (from !== undefined && to !== undefined) {
    return areComparable(from.key, to.key) && areComparable(from.value, to.value);
  }
  return isAssignable(a, b);
};

const isSame = (a: CelType, b: CelType): boolean => {
  if (a === b) return true;
  if (a.kind === 'list' && b.kind === 'list') return isSame(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') return isSame(a.key, b.key) && isSame(a.value, b.value);
  if (a.kind === 'nullable' && b.kind === 'nullable') return isSame(a.of, b.of);
  if (a.kind === 'type' && b.kind === 'type') {
    return a.of === undefined || b.of === undefined ? a.of === b.of : isSame(a.of, b.of);
  }
  return a.kind === b.kind && a.kind !== 'object';
};

/** The type of a value that is one of several: theirs if they agree, else as much as they share. */
export const joinTypes = (types: readonly CelType[]): CelType => {
  const [first, ...others] = types;
  if (first === undefined) return DYN;
  return others.reduce(joinTwo, first);
};

const joinTwo = (a: CelType, b: CelType): CelType => {
  if (a.kind === 'never' || isSame(a, b)) return b;
  if (b.kind === 'never') return a;
  if (isDynamic(a) || isDynamic(b)) return DYN;
  if (a.kind === 'nullable' || b.kind === 'nullable') return joinNullable(a, b);
  const isNumber = a.kind === 'number' || b.kind === 'number';
  if (isNumber && isAssignable(a, NUMBER) && isAssignable(b, NUMBER)) return NUMBER;
  if (a.kind === 'list' && b.kind === 'list') return listOf(joinTwo(a.element, b.element));
  if (a.kind === 'type' && b.kind === 'type') return { kind: 'type' };
  const [from, to] = [entriesOf(a), entriesOf(b)];
  if (from !== undefined && to !== undefined)
    return mapOf(joinTwo(from.key, to.key), joinTwo(from.value, to.value));
  return DYN;
};

const joinNullable = (a: CelType, b: CelType): CelType => {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  const of = joinTwo(a.kind === 'nullable' ? a.of : a, b.kind === 'nullable' ? b.of : b);
  return isDynamic(of) ? DYN : nullableOf(of);
};
