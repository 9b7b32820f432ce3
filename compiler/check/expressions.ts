/** CEL: every expression parses, names what exists and has the type that is due. */
import type { Lock } from '../../schema/lock/lock.ts';
import { unescapeDollar } from '../../schema/reference.ts';
import type { Configuration } from '../configuration.ts';
import type { Code } from '../diagnostics/catalogue.ts';
import type { ProposedFix, Report } from '../diagnostics/report.ts';
import type { Inputs } from '../input/inputs.ts';
import { placeInScalar } from '../source/scalar-offset.ts';
import { changeInScalar } from '../source/scalar-text.ts';
import type { Path, SourceScalar } from '../source/tree.ts';
import { checkCel } from './cel/check.ts';
import type { CelFix, CelProblemCode, CelSpan } from './cel/problem.ts';
import { policyTargets } from './policy-targets.ts';

const CODES = {
  syntax: 'GW3020',
  'unknown-name': 'GW3021',
  'unknown-field': 'GW3022',
  type: 'GW3023',
  result: 'GW3024',
  function: 'GW3025',
  'not-allowed': 'GW3026',
  'unknown-argument': 'GW3100',
  'unguarded-argument': 'GW3101',
  constant: 'GW3102',
  'whole-address': 'GW3180',
} as const satisfies Record<CelProblemCode, Code>;

/** Offset in the scalar's value of an offset in the expression, which has `$` for `$$`. */
const escapedOffset = (value: string, offset: number): number => {
  let at = 0;
  for (let plain = 0; plain < offset && at < value.length; plain++) at += value.startsWith('$$', at) ? 2 : 1;
  return at;
};

const escapedSpan = (value: string, { offset, length }: CelSpan): readonly [number, number] => {
  const start = escapedOffset(value, offset);
  return [start, escapedOffset(value, offset + length) - start];
};

const fixIn = (scalar: SourceScalar, { span, text, applicability }: CelFix): ProposedFix => {
  const [start, length] = escapedSpan(String(scalar.value), span);
  return { ...changeInScalar(scalar, start, length, text.replaceAll('$', '$$$$')), applicability };
};

/** What the calls may be aimed at that the expression at `path` is evaluated for. */
const targetsAt = (config: Configuration, lock: Lock | undefined, [section, name]: Path) =>
  section === 'policies' ? policyTargets(config, lock, String(name)) : undefined;

export const checkExpressions = (config: Configuration, { lock }: Inputs, report: Report): void => {
  for (const { path, scalar, schema } of config.scalars) {
    const environment = schema['x-cel-environment'];
    if (environment === undefined) continue;
    const value = String(scalar.value);
    const result = schema['x-cel-result'] ?? 'any';
    const targets = targetsAt(config, lock, path);
    for (const problem of checkCel(unescapeDollar(value), environment, result, targets)) {
      const { message, help = [], notes = [], fix } = problem;
      const [start, length] = escapedSpan(value, problem);
      report(
        CODES[problem.code],
        placeInScalar(scalar, start, length),
        { problem: message, help, notes },
        fix && { fixes: [fixIn(scalar, fix)] },
      );
    }
  }
};
