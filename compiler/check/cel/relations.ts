/** How types relate. `dyn` goes with everything: what it stands for is known only when evaluated. */
import { type CelType, DYN, listOf, mapOf } from '../../../policies/cel/types.ts';

const isNumeric = ({ kind }: CelType): boolean => kind === 'int' || kind === 'uint' || kind === 'double';

/** Whether a value of `actual` may be one of `wanted`. */
export const isAssignable = (actual: CelType, wanted: CelType): boolean => {
  if (actual.kind === 'dyn' || wanted.kind === 'dyn') return true;
  if (actual.kind === 'list' && wanted.kind === 'list') return isAssignable(actual.element, wanted.element);
  if (actual.kind === 'map' && wanted.kind === 'map') {
    return isAssignable(actual.key, wanted.key) && isAssignable(actual.value, wanted.value);
  }
  return actual.kind === wanted.kind;
};

/** Whether two values may ever be equal. Numbers are compared across their types. */
export const areComparable = (a: CelType, b: CelType): boolean => {
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind === 'list' && b.kind === 'list') return areComparable(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') {
    return areComparable(a.key, b.key) && areComparable(a.value, b.value);
  }
  return isAssignable(a, b);
};

const isSame = (a: CelType, b: CelType): boolean => {
  if (a.kind === 'list' && b.kind === 'list') return isSame(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') return isSame(a.key, b.key) && isSame(a.value, b.value);
  return a.kind === b.kind;
};

/** The type of a value that is one of several: theirs if they agree, else as much as they share. */
export const joinTypes = (types: readonly CelType[]): CelType => {
  const [first, ...others] = types;
  if (first === undefined) return DYN;
  return others.reduce(joinTwo, first);
};

const joinTwo = (a: CelType, b: CelType): CelType => {
  if (isSame(a, b)) return a;
  if (a.kind === 'list' && b.kind === 'list') return listOf(joinTwo(a.element, b.element));
  if (a.kind === 'map' && b.kind === 'map') return mapOf(joinTwo(a.key, b.key), joinTwo(a.value, b.value));
  return DYN;
};
