import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCel } from '../../../../compiler/check/cel/check.ts';

/** The expression with the change of its first problem made; undefined if that proposes none. */
const mended = (expression: string): string | undefined => {
  const fix = checkCel(expression, 'call', 'bool')[0]?.fix;
  if (fix === undefined) return undefined;
  const { offset, length } = fix.span;
  return expression.slice(0, offset) + fix.text + expression.slice(offset + length);
};

describe('what was probably meant', () => {
  test.each([
    ["principal.roles == 'admin'", "'admin' in principal.roles"],
    ["'admin' == principal.roles", "'admin' in principal.roles"],
    ["true && principal.roles != 'a'", "true && !('a' in principal.roles)"],
    ["principal.scopes == tool.name + 'x'", "tool.name + 'x' in principal.scopes"],
    ['principal.roles.filter(r, r != "x") == tool.name', 'tool.name in principal.roles.filter(r, r != "x")'],
    ['tool.name == 1', "tool.name == '1'"],
    ['true == tool.name', "'true' == tool.name"],
    ["principal.assurance == '2'", 'principal.assurance == 2'],
    ["principal.assurance > '2'", 'principal.assurance > 2'],
    ["tool.annotations.readOnlyHint == 'true'", 'tool.annotations.readOnlyHint == true'],
    ["now > '2026-01-01T00:00:00Z'", "now > timestamp('2026-01-01T00:00:00Z')"],
    ['1 in principal.roles', "'1' in principal.roles"],
    ["'x' in tool.name", "tool.name.contains('x')"],
    ['principal.assurance * 1.5 > 2.0', 'double(principal.assurance) * 1.5 > 2.0'],
    ["has(args['x'])", 'has(args.x)'],
    ["!has(principal.claims['a']) && true", '!has(principal.claims.a) && true'],
    ["request.headers['X-Team'] == 'a'", "request.headers['x-team'] == 'a'"],
    ["request.headers.Team == 'a'", "request.headers.team == 'a'"],
    ["tool.nmae == 'x'", "tool.name == 'x'"],
    ["tool.name.startWith('x')", "tool.name.startsWith('x')"],
    ['tool.name.length() > 3', 'tool.name.size() > 3'],
    ["tool.name.toLowerCase() == 'x'", "tool.name.lowerAscii() == 'x'"],
    ["principle.id == 'x'", "principal.id == 'x'"],
    ["roles == ['x']", "principal.roles == ['x']"],
    ["jwt.dept == 'x'", "principal.claims.dept == 'x'"],
    ["arguments.dept == 'x'", "args.dept == 'x'"],
    ["tool.name = 'x'", "tool.name == 'x'"],
    ['true & false', 'true && false'],
    ['true and false', 'true && false'],
    ['true or false', 'true || false'],
  ])('%s is mended to %s, which is sound', (expression, expected) => {
    expect(mended(expression)).toBe(expected);
    expect(checkCel(expected, 'call', 'bool')).toEqual([]);
  });

  test.each([
    'principal.id == null',
    "tool.name - 'x' == ''",
    "has(args['a-b'])",
    'args[',
    "tool.zebra == 'x'",
  ])('nothing is proposed for %s', (expression) => {
    expect(mended(expression)).toBeUndefined();
  });
});

test('types that do not fit are told with the parts that have them', () => {
  const [problem] = checkCel('principal.roles.exists(role, size(role) == tool.name)', 'call', 'bool');
  expect(problem?.notes).toEqual(['`size(role)` is `int`', '`tool.name` is `string`']);
  const [element] = checkCel('principal.roles.all(role, role > 1)', 'call', 'bool');
  expect(element?.notes).toEqual(['`role`, an element of `principal.roles`, is `string`', '`1` is `int`']);
});

test('a function that is not there is told with those that are', () => {
  expect(checkCel('tool.name.foo()', 'call', 'bool')[0]?.help?.[0]).toContain(
    '`string` has `size`, `contains`',
  );
  expect(checkCel('tool.annotations.readOnlyHint.foo()', 'call', 'bool')[0]?.help?.[0]).toBe(
    '`bool` has no functions',
  );
});

test('a change without doubt leaves the rest of the expression as it is, and is not proposed again', () => {
  const parts = fc.constantFrom(
    "tool.name = 'x'",
    'true and true',
    "has(args['x'])",
    "request.headers['X-A'] == 'b'",
    "principal.id == 'é😀'",
    'true',
  );
  const expressions = fc.array(parts, { minLength: 1, maxLength: 5 }).map((list) => list.join(' && '));
  fc.assert(
    fc.property(expressions, (expression) => {
      let text = expression;
      for (let round = 0; round < 12; round++) {
        const next = mended(text);
        if (next === undefined) break;
        text = next;
      }
      expect(checkCel(text, 'call', 'bool')).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
