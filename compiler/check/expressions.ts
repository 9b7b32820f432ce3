/** CEL: every expression parses, names what exists and has the type that is due. */
import { unescapeDollar } from '../../schema/reference.ts';
import type { Code } from '../diagnostics/catalogue.ts';
import { placeInScalar } from '../source/scalar-offset.ts';
import { checkCel } from './cel/check.ts';
import type { CelProblemCode } from './cel/problem.ts';
import type { Check } from './check.ts';

const CODES = {
  syntax: 'GW3020',
  'unknown-name': 'GW3021',
  'unknown-field': 'GW3022',
  type: 'GW3023',
  result: 'GW3024',
  function: 'GW3025',
  'not-allowed': 'GW3026',
} as const satisfies Record<CelProblemCode, Code>;

/** Offset in the scalar's value of an offset in the expression, which has `$` for `$$`. */
const escapedOffset = (value: string, offset: number): number => {
  let at = 0;
  for (let plain = 0; plain < offset && at < value.length; plain++) at += value.startsWith('$$', at) ? 2 : 1;
  return at;
};

export const checkExpressions: Check = (config, report) => {
  for (const { scalar, schema } of config.scalars) {
    const environment = schema['x-cel-environment'];
    if (environment === undefined) continue;
    const value = String(scalar.value);
    for (const problem of checkCel(unescapeDollar(value), environment, schema['x-cel-result'] ?? 'any')) {
      const start = escapedOffset(value, problem.offset);
      const end = escapedOffset(value, problem.offset + problem.length);
      const place = placeInScalar(scalar, start, end - start);
      report(CODES[problem.code], place, { problem: problem.message, help: problem.help ?? [] });
    }
  }
};
