import { isCelError } from '@bufbuild/cel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallTarget } from '../../../../compiler/check/cel/call-target.ts';
import { checkCel } from '../../../../compiler/check/cel/check.ts';
import { typeOfSchema } from '../../../../compiler/check/cel/schema-type.ts';
import { CALL_ENVIRONMENT } from '../../../../policies/cel/environment.ts';
import { prepareCel } from '../../../../policies/cel/program.ts';
import { toolCall } from '../../../policies/call-facts.ts';
import { callArguments, mixedExpressions, SCHEMA, typedExpressions } from './typed-expressions.ts';

const TARGETS: readonly CallTarget[] = [
  { kind: 'tool', name: 'query', server: 'main', upstream: 'db', args: typeOfSchema(SCHEMA) },
];

/** Errors that come of types, not of values: what the checker is there to rule out. */
const OF_TYPES =
  /no matching overload|type mismatch|unbound function|undeclared|field not found|invalid select|[Uu]nsupported|Invalid key type|there is no/;

const evaluated = (expression: string, args: object) =>
  prepareCel(expression, CALL_ENVIRONMENT).evaluate(toolCall('query', { args }));

const RUNS = { numRuns: 500 };

test('an expression of well-typed parts is accepted, and fails by no type for arguments of the declared types', () => {
  let bools = 0;
  fc.assert(
    fc.property(typedExpressions.bool, callArguments, (expression, args) => {
      const told = checkCel(expression, 'call', 'bool', TARGETS)
        .filter(({ code }) => code !== 'constant')
        .map(({ message }) => message);
      expect(told.filter((message) => !message.startsWith('this always fails'))).toEqual([]);
      if (told.length > 0) return;
      const outcome = evaluated(expression, args);
      if (isCelError(outcome)) expect(outcome.message).not.toMatch(OF_TYPES);
      else {
        expect(typeof outcome).toBe('boolean');
        bools += 1;
      }
    }),
    RUNS,
  );
  expect(bools).toBeGreaterThan(100);
});

test('whatever is accepted of right and wrong parts fails by no type; what is refused is told at a place in it', () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(mixedExpressions, callArguments, (expression, args) => {
      const problems = checkCel(expression, 'call', 'bool', TARGETS);
      for (const { offset, length, message } of problems) {
        expect(message).not.toBe('');
        expect(length).toBeGreaterThan(0);
        expect(offset + length).toBeLessThanOrEqual(expression.length);
      }
      if (problems.length > 0) {
        refused += 1;
        return;
      }
      accepted += 1;
      const outcome = evaluated(expression, args);
      if (isCelError(outcome)) expect(outcome.message).not.toMatch(OF_TYPES);
      else expect(typeof outcome).toBe('boolean');
    }),
    RUNS,
  );
  expect(accepted).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
});
