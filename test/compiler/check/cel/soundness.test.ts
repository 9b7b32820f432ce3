import { isCelError } from '@bufbuild/cel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCel } from '../../../../compiler/check/cel/check.ts';
import { CALL_ENVIRONMENT } from '../../../../policies/cel/environment.ts';
import { prepareCel } from '../../../../policies/cel/program.ts';
import { toolCall } from '../../../policies/call-facts.ts';

/** Expressions of any type, right and wrong: the checker decides which are. */
const expressions = fc.letrec<{ expression: string }>((tie) => {
  const two = fc.tuple(tie('expression'), tie('expression'));
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(
        'true',
        '1',
        '2u',
        '1.5',
        "'x'",
        "b'x'",
        'null',
        '[]',
        "['x']",
        "{'x': 1}",
        'now',
        "duration('1h')",
        'principal.roles',
        'principal.assurance',
        'principal.claims',
        'principal',
        'tool.name',
        'tool.annotations.readOnlyHint',
        'request.headers',
        'int',
        'nobody',
        'element',
      ),
      fc
        .tuple(two, fc.constantFrom('==', '!=', '<', '>=', '+', '-', '*', '/', '%', '&&', '||', 'in'))
        .map(([[a, b], operator]) => `(${a} ${operator} ${b})`),
      fc
        .tuple(two, fc.constantFrom('all', 'exists', 'exists_one', 'filter', 'map'))
        .map(([[a, b], loop]) => `${a}.${loop}(element, ${b})`),
      fc
        .tuple(two, fc.constantFrom('contains', 'startsWith', 'split', 'indexOf', 'getHours', 'join'))
        .map(([[a, b], method]) => `(${a}).${method}(${b})`),
      fc
        .tuple(
          tie('expression'),
          fc.constantFrom('size', 'int', 'uint', 'double', 'string', 'bytes', 'bool', 'type'),
        )
        .map(([a, name]) => `${name}(${a})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('getHours', 'size', 'trim', 'getMonth'))
        .map(([a, method]) => `(${a}).${method}()`),
      fc.tuple(tie('expression'), two).map(([a, [b, c]]) => `(${a} ? ${b} : ${c})`),
      two.map(([a, b]) => `(${a})[${b}]`),
      two.map(([a, b]) => `[${a}, ${b}]`),
      two.map(([a, b]) => `{${a}: ${b}}`),
      tie('expression').map((a) => `!(${a})`),
      tie('expression').map((a) => `-(${a})`),
      tie('expression').map((a) => `(${a}).x`),
    ),
  };
}).expression;

/** What goes wrong for the values at hand, though every type is right. */
const ABOUT_VALUES =
  /there is no|field not found|out of bounds|overflow|divide|modulus|convert|Convert|parse|decode|key conflict|key type|out of range|BigInt|time zone|range|duration/;

test('what the checker accepts can be prepared, and meets no type that it does not fit', () => {
  let accepted = 0;
  fc.assert(
    fc.property(expressions, (expression) => {
      const problems = checkCel(expression, 'call', 'bool');
      for (const { offset, length } of problems) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + length).toBeLessThanOrEqual(expression.length);
      }
      if (problems.some(({ code }) => code !== 'result')) return;
      accepted += 1;
      const outcome = prepareCel(expression, CALL_ENVIRONMENT).evaluate(toolCall('x', { args: {} }));
      const isBool = problems.length === 0;
      if (isCelError(outcome)) {
        const isDynamic =
          expression.includes('claims') || expression.includes('[') || expression.includes('?');
        if (!isDynamic) expect(outcome.message).toMatch(ABOUT_VALUES);
      } else if (isBool && !expression.includes('claims') && !expression.includes('[')) {
        expect(typeof outcome).toBe('boolean');
      }
    }),
    { numRuns: 6000 },
  );
  expect(accepted).toBeGreaterThan(300);
});

test('no text makes the checker throw, nor has a problem outside of it', () => {
  const words = fc.constantFrom(
    'tool',
    '.',
    'name',
    '==',
    "'x'",
    '"',
    '(',
    ')',
    '[',
    ']',
    '&&',
    'in',
    '1',
    '?',
    ':',
    '\\',
    ' ',
    'all',
    ',',
    '{',
    '-',
    '!',
    'has',
    '//',
    '\n',
    '"""',
    'é',
    '\u{1D4B3}',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(words, { maxLength: 15 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const { offset, length } of checkCel(text, 'call', 'bool')) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + length).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 1500 },
  );
});
