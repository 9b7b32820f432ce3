/**
 * Bounds what an expression with loops may cost, whatever a caller puts into its arguments. Costs are counted
 * in steps, not in time, so that the same call has the same outcome on every machine.
 */
import type { CelFunc, CelValue } from '@bufbuild/cel';
import { celLibrary } from './late-library.ts';

/** Some 40 ms at the most; a list of about a thousand can be filtered or mapped. */
const MAX_STEPS = 20_000;

/** The function that the range of every loop is wrapped in. */
export const METERED_RANGE = '@metered';

let stepsLeft = MAX_STEPS;

/** Starts the count for one evaluation. Evaluation is synchronous and never nested: one count is enough. */
export const resetMeter = (): void => {
  stepsLeft = MAX_STEPS;
};

const spend = (steps: number): void => {
  stepsLeft -= steps;
  if (stepsLeft < 0) throw celLibrary().celError('the expression takes too many steps on these values');
};

/** Hands a loop its range and charges for each element. */
export const meteredRange = (): CelFunc => {
  const { CelScalar, celFunc, isCelList, isCelMap } = celLibrary();
  return celFunc(METERED_RANGE, [CelScalar.DYN], CelScalar.DYN, (range) => {
    if (isCelList(range) || isCelMap(range)) spend(range.size);
    return range;
  });
};

/**
 * The same function, charging for each call by the size of what it is called on. The charge is thrown past the
 * operators that absorb errors: an evaluation that has spent its steps ends.
 */
export const metered = (func: CelFunc): CelFunc =>
  Object.assign(Object.create(func) as CelFunc, {
    call(id: number, target: CelValue | undefined, args: CelValue[]) {
      const result = func.call(id, target, args);
      if (result === undefined) return undefined;
      let steps = 1 + weight(target);
      for (const argument of args) steps += weight(argument);
      spend(steps);
      return result;
    },
  });

const weight = (value: CelValue | undefined): number => {
  if (typeof value === 'string') return value.length >> 10;
  const { isCelList, isCelMap } = celLibrary();
  if (isCelList(value) || isCelMap(value)) return value.size >> 6;
  return 0;
};
