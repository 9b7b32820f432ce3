import { describe, expect, test } from 'vitest';
import { checkCel } from '../../../../compiler/check/cel/check.ts';

const told = (expression: string) =>
  checkCel(expression, 'call', 'bool').map(({ code, offset, message, help }) => [
    code,
    offset,
    message,
    help?.[0],
  ]);

describe('two comparisons of one attribute', () => {
  test.each([
    [
      "tool.name != 'a' || tool.name != 'b'",
      30,
      "`tool.name` is always other than `'a'` or `'b'`: this always holds",
      "did you mean `!(tool.name in ['a', 'b'])`?",
    ],
    [
      "'a' == tool.name && (call.id != '' && tool.name == 'b')",
      48,
      "`tool.name` is never both `'a'` and `'b'`: this never holds",
      "did you mean `tool.name in ['a', 'b']`?",
    ],
    [
      "args.x['y'] == 'a' && args.x.y == 'b' && args.z == 'a'",
      31,
      "`args.x['y']` is never both `'a'` and `'b'`: this never holds",
      "did you mean `args.x['y'] in ['a', 'b']`?",
    ],
  ])('are warned of in %s', (expression, offset, message, help) => {
    expect(told(expression)).toEqual([['constant', offset, message, help]]);
  });

  test.each([
    "tool.name == 'a' || tool.name == 'b'",
    "tool.name != 'a' && tool.name != 'b'",
    "tool.name == 'a' && tool.upstream == 'b'",
    "tool.name == 'a' && tool.name == 'a'",
    "(tool.name == 'a' || call.id == '') && tool.name == 'b'",
    "tool.name == principal.id && tool.name == 'b'",
    "principal.roles.exists(role, role == 'a') && principal.roles.exists(role, role == 'b')",
  ])('are no matter in %s', (expression) => {
    expect(told(expression)).toEqual([]);
  });
});
