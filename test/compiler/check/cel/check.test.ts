import { describe, expect, test } from 'vitest';
import { checkCel } from '../../../../compiler/check/cel/check.ts';
import { CALL_ENVIRONMENT, CLAIMS_ENVIRONMENT } from '../../../../policies/cel/environment.ts';
import { prepareCel } from '../../../../policies/cel/program.ts';
import type { CelResult } from '../../../../schema/config/value.ts';

const ACCEPTED_CONDITIONS = [
  'true',
  '!false && (true || false)',
  "principal.id == 'alice'",
  "'engineering' in principal.roles",
  "principal.tenant == 'acme' && principal.assurance >= 2",
  'principal.assurance > 1.5',
  'principal.assurance == 2u',
  "principal.claims.org_id == 'acme'",
  "principal.claims['https://acme/org'].name == 'acme'",
  "'mcp:write' in principal.scopes",
  "client.address.startsWith('10.') || client.era == 'modern'",
  "client.userAgent.contains('bot') && client.version != ''",
  "server.name == 'engineering' && upstream.name != 'github'",
  "call.method == 'tools/call' && call.name.endsWith('_x') && call.id != ''",
  'tool.annotations.destructiveHint',
  '!tool.annotations.readOnlyHint ? tool.annotations.idempotentHint : tool.annotations.openWorldHint',
  "tool.annotations.title.size() > 0 && tool.upstream in ['github', 'files']",
  "resource.uri.matches('^file:///data/[a-z]+$') && resource.mimeType == 'text/plain'",
  "prompt.name in {'a': 1, 'b': 2}",
  "'prod' in args.labels",
  'args.count > 3 && args.count + 1 < 10',
  "args.price * 1.5 > 2.0 || args['price'] == 1",
  'args == {} || args.list[0] == 1 || args.list[args.index] == args.other',
  'has(args.path) && has(principal.claims.org) && has(tool.name) && has(tool.annotations)',
  "has(request.headers.authorization) || request.headers['x-team'] == 'a'",
  "request.listener == 'edge' && request.path == '/mcp'",
  "now.getDayOfWeek('Europe/Berlin') in [0, 6]",
  "now.getHours() >= 8 && now.getFullYear('+02:00') == 2026 && now.getMilliseconds() == 0",
  "now > timestamp('2026-11-20T09:00:00Z') + duration('1h')",
  "now - timestamp('2026-11-20T09:00:00Z') < duration('90m')",
  "(now - duration('1h')).getDayOfYear() == 3 && duration('1h').getMinutes() == 60",
  'args.items.all(item, item.price < 10)',
  'args.items.exists(item, item in principal.roles)',
  'args.items.exists_one(item, item == 1) && args.items.existsOne(item, item == 1)',
  'size(args.items.filter(item, item > 1)) == 0',
  'args.items.map(item, item.id).all(id, id == 1)',
  'args.items.map(item, item.ok, item.id) == []',
  'principal.roles.map(role, role.size()).exists(n, n > 3)',
  'args.exists(key, key.startsWith("x"))',
  "principal.claims.all(key, key != 'admin')",
  'args.a.all(x, args.b.exists(y, x == y))',
  "size(principal.roles) > 0 && principal.roles.size() > 0 && size('x') == 1 && size(args) == 0",
  "int('3') == 3 && uint(3) == 3u && double(3) == 3.0 && string(3) == '3' && bool('true')",
  "bytes('x') == b'x' && string(b'x') == 'x' && dyn(3) == 'x'",
  "type(args.x) == int && type('x') == string && type(1) != bool",
  '-principal.assurance < 0 && -1.5 < 0.0 && 7 % 2 == 1 && 7 / 2 == 3',
  "'a' + 'b' == 'ab' && [1] + [2] == [1, 2] && 'a' < 'b'",
  "args.labels + ['x'] != [] && ['x'] + args.labels != []",
  'args.x == null || args.x == 1 || args.x == true',
  'true ? args.x : false',
  "(args.x ? 'a' : 'b') == 'a'",
  "tool.name.lowerAscii().split('_')[0] == 'gh' && ['a', 'b'].join('-') == 'a-b'",
  "tool.name.substring(1, 2) == 'h' && tool.name.indexOf('_') == 2 && tool.name.trim().replace('a', 'b') != ''",
  "[[1], [2]] == [[1], []] && {'a': [1]}['a'][0] == 1",
  "r'\\d' != '' && '''a\nb''' != \"\" // a remark",
  "  tool.name == 'x'\n  && true",
];

describe('what is accepted', () => {
  test.each(ACCEPTED_CONDITIONS)('%s', (expression) => {
    expect(checkCel(expression, 'call', 'bool')).toEqual([]);
    expect(() => prepareCel(expression, CALL_ENVIRONMENT)).not.toThrow();
  });

  const OTHER_RESULTS: [string, CelResult][] = [
    ['claims.sub', 'string'],
    ["has(claims.email) ? claims.email : 'nobody'", 'string'],
    ['claims.groups', 'list(string)'],
    ["claims.groups.filter(group, group.startsWith('gw-'))", 'list(string)'],
    ["claims.scope.split(' ')", 'list(string)'],
    ["claims.groups.map(group, 'role-' + group)", 'list(string)'],
    ["['user'] + claims.groups", 'list(string)'],
    ['[]', 'list(string)'],
  ];
  test.each(OTHER_RESULTS)('%s as %s over claims', (expression, result) => {
    expect(checkCel(expression, 'claims', result)).toEqual([]);
    expect(() => prepareCel(expression, CLAIMS_ENVIRONMENT)).not.toThrow();
  });

  test.each([
    'principal.id',
    'tool.name',
    "principal.tenant + '/' + tool.name",
    'client.address',
    'principal.assurance',
    'tool.annotations.destructiveHint',
    'principal.roles',
    'principal.claims.org',
    "{'args': 1}.size()",
    "call.name + 'now'",
  ])('%s as the key of a limit', (expression) => {
    expect(checkCel(expression, 'call', 'any')).toEqual([]);
  });
});

/** Code, the text pointed at, and part of the message or of the help. */
type Refusal = [expression: string, code: string, marked: string, told: string];

const expectRefusal = (
  expression: string,
  result: CelResult,
  [code, marked, told]: string[],
  environment: 'call' | 'claims' = 'call',
) => {
  const problems = checkCel(expression, environment, result);
  const shown = problems.map(({ code, message, offset, length, help }) => [
    code,
    expression.slice(offset, offset + length),
    [message, ...(help ?? [])].join(' / '),
  ]);
  expect(shown).toEqual([[code, marked, expect.stringContaining(told!)]]);
};

describe('names and fields', () => {
  const ROWS: Refusal[] = [
    ["principle.id == 'alice'", 'unknown-name', 'principle', 'did you mean `principal`?'],
    ["roles == ['x']", 'unknown-name', 'roles', 'did you mean `principal.roles`?'],
    ["zebra == 'x'", 'unknown-name', 'zebra', 'known names: `principal`, `client`'],
    ['result.isError', 'unknown-name', 'result', 'response guards only'],
    ["claims.sub == 'x'", 'unknown-name', 'claims', 'did you mean `principal.claims`?'],
    ["google.protobuf.Timestamp == 'x'", 'unknown-name', 'google', 'unknown name'],
    ['__proto__ == 1', 'unknown-name', '__proto__', 'unknown name'],
    ["constructor.name == 'x'", 'unknown-name', 'constructor', 'unknown name'],
    ["tool.nmae == 'x'", 'unknown-field', 'nmae', 'did you mean `name`?'],
    ["tool.zebra == 'x'", 'unknown-field', 'zebra', 'its fields: `name`, `upstream`, `annotations`'],
    ["tool.__proto__ == 'x'", 'unknown-field', '__proto__', '`tool` has no field `__proto__`'],
    ["principal.constructor == 'x'", 'unknown-field', 'constructor', 'has no field'],
    ['tool.annotations.destructive', 'unknown-field', 'destructive', '`tool.annotations` has no field'],
    ['has(tool.nmae)', 'unknown-field', 'nmae', 'did you mean `name`?'],
    ["request.headers['X-Team'] == 'a'", 'unknown-field', "'X-Team'", 'did you mean `x-team`?'],
    ["request.headers.Team == 'a'", 'unknown-field', 'Team', 'lower case'],
    ["tool == 'x'", 'type', 'tool', 'name one of its fields'],
    ["tool.annotations == 'x'", 'type', 'annotations', 'has no value of its own'],
    ["tool['name'] == 'x'", 'type', 'tool', 'are named with a dot'],
    ["tool.name.first == 'x'", 'type', 'first', '`string` has no fields'],
    ['has(tool.name.first)', 'type', 'has', '`string` has no fields'],
    ['principal.roles.all(role, rol == 1)', 'unknown-name', 'rol', 'did you mean `role`?'],
    ['principal.roles.all(tool, true)', 'not-allowed', 'tool', 'cannot name an element'],
    ['args.all(args, true)', 'not-allowed', 'args', 'cannot name an element'],
    [
      'now.getHours("Europe/Berlni") == 1',
      'unknown-name',
      '"Europe/Berlni"',
      'did you mean `Europe/Berlin`?',
    ],
  ];
  test.each(ROWS)('%s', (expression, ...told) => expectRefusal(expression, 'bool', told));
});

describe('types', () => {
  const ROWS: Refusal[] = [
    ['principal.id == 5', 'type', '==', '`string` is never equal to `int`'],
    ["principal.roles == 'x'", 'type', '==', '`list(string)` is never equal to `string`'],
    ['principal.id != null', 'type', '!=', '`string` is never equal to `null`'],
    ['principal.id > 5', 'type', '>', '`>` does not take `string` and `int`'],
    ["principal.assurance + 'x' == ''", 'type', '+', '`+` does not take `int` and `string`'],
    ['principal.assurance + 1.5 > 2.0', 'type', '+', '`int` and `double`'],
    ['1 + 1u == 2', 'type', '+', '`int` and `uint`'],
    ["'a' - 'b' == ''", 'type', '-', '`-` does not take'],
    ["-tool.name == ''", 'type', '-', '`-` does not take `string`'],
    ['!tool.name', 'type', '!', '`!` does not take `string`'],
    ["'x' && true", 'type', "'x'", '`&&` takes `bool`, not `string`'],
    ['true || principal.roles', 'type', 'principal.roles', '`||` takes `bool`, not `list(string)`'],
    ['true && (false || 1)', 'type', '1', '`||` takes `bool`, not `int`'],
    ['tool.name ? true : false', 'type', 'tool.name', '`?` takes `bool`'],
    ["(true ? 1 : 'a') == 1", 'type', "'a'", 'values of one type'],
    ["'x' in tool.name", 'type', 'in', "tool.name.contains('x')"],
    ['1 in principal.roles', 'type', 'in', '`int` is never in `list(string)`'],
    ["1 in {'a': 1}", 'type', 'in', 'is never in `map(string, int)`'],
    ['tool.name in [1, 2]', 'type', 'in', '`string` is never in `list(int)`'],
    ["principal.roles['x'] == 'y'", 'type', "'x'", 'indexed by `int`'],
    ['principal.assurance[0] == 1', 'type', 'principal.assurance', '`int` has no elements'],
    ['request.headers[1] == "a"', 'type', '1', 'indexed by `string`'],
    ['principal.id.all(x, true)', 'type', 'principal.id', '`string` has no elements'],
    ['has(args.a.b).all(x, true)', 'type', 'has', '`bool` has no elements'],
    ['principal.roles.all(role, role)', 'type', 'role', '`all` takes `bool`, not `string`'],
    ['principal.roles.filter(role, 1).size() == 1', 'type', '1', '`filter` takes `bool`'],
    ['principal.roles.exists(role, role == 1)', 'type', '==', 'never equal'],
    [
      "principal.roles.map(role, role == 'a', role) == [1]",
      'type',
      '==',
      '`list(string)` is never equal to `list(int)`',
    ],
    ["{1.5: 'a'}.size() == 1", 'type', '1.5', '`double` cannot be a key'],
    ['9223372036854775808 > 1', 'type', '9223372036854775808', 'does not fit `int`'],
    ['18446744073709551616u > 1u', 'type', '18446744073709551616u', 'does not fit `uint`'],
    ["timestamp('yesterday') < now", 'type', "'yesterday'", 'this always fails'],
    ["now - duration('1 hour') < now", 'type', "'1 hour'", 'this always fails'],
    ['1 / 0 == 1', 'type', '/', 'divide by zero'],
    ["int('x') == 1", 'type', "'x'", 'this always fails'],
    ["tool.name.matches('(')", 'type', "'('", 'RE2 syntax'],
    ["tool.name.matches('(?=a)')", 'type', "'(?=a)'", 'RE2 syntax'],
    ["now.getHours('UTC', 1) == 2", 'function', 'getHours', 'takes 0 or 1 arguments, not 2'],
    ['now + now == now', 'type', '+', '`timestamp` and `timestamp`'],
  ];
  test.each(ROWS)('%s', (expression, ...told) => expectRefusal(expression, 'bool', told));
});

describe('functions', () => {
  const ROWS: Refusal[] = [
    ["tool.name.startWith('x')", 'function', 'startWith', 'did you mean `startsWith`?'],
    ['lenght(tool.name) == 1', 'function', 'lenght', 'unknown function `lenght`'],
    ["startsWith(tool.name, 'x')", 'function', 'startsWith', 'value.startsWith(…)'],
    ["'3'.int() == 3", 'function', 'int', '`int(value)`'],
    ['tool.name.startsWith()', 'function', 'startsWith', 'takes 1 argument, not 0'],
    ['tool.name.startsWith(1)', 'type', 'startsWith', 'there is no `string.startsWith(int)`'],
    [
      "principal.roles.startsWith('x')",
      'type',
      'startsWith',
      'there is no `list(string).startsWith(string)`',
    ],
    ['size(1) == 1', 'type', 'size', 'there is no `size(int)`'],
    ['timestamp(5.5) < now', 'type', 'timestamp', 'there is no `timestamp(double)`'],
    ["{'a': 1, 'a': 2} == {}", 'type', "'a'", 'the key is given twice'],
    ['{0: 1, 0u: 2} == {}', 'type', '0u', 'the key is given twice'],
    ['has(tool) && true', 'function', 'has', 'has(value.field)'],
    ["has(args['x'])", 'function', 'has', 'has(value.field)'],
    ['principal.roles.all(1, true)', 'function', 'all', 'list.all(element, condition on element)'],
    ['principal.roles.map(x) == []', 'function', 'map', 'list.map(element, value of element)'],
    ["'%s'.format(['x']) == ''", 'function', 'format', 'unknown function `format`'],
    ['tool.name.matches(args.pattern)', 'not-allowed', 'pattern', 'must be a literal'],
    ['google.protobuf.Value{}', 'not-allowed', 'google', 'cannot be made here'],
    ['tool.name.__proto__()', 'function', '__proto__', 'unknown function'],
    ['constructor()', 'function', 'constructor', 'unknown function'],
  ];
  test.each(ROWS)('%s', (expression, ...told) => expectRefusal(expression, 'bool', told));
});

describe('results', () => {
  const ROWS: [string, CelResult, string][] = [
    ['tool.name', 'bool', 'yields `string` where `bool` is wanted'],
    ['1', 'bool', 'yields `int`'],
    ['  principal.roles ', 'bool', 'yields `list(string)`'],
    ['principal.roles', 'string', 'where `string` is wanted'],
    ['principal.id', 'list(string)', 'a list of one is written `[value]`'],
    ['[1]', 'list(string)', 'yields `list(int)` where `list(string)` is wanted'],
    ['null', 'string', 'yields `null`'],
    ["{'a': 1}", 'any', 'where a text, a number or a bool is wanted'],
    ["duration('1h')", 'any', 'yields `duration`'],
  ];
  test.each(ROWS)('%s as %s', (expression, result, told) => {
    expectRefusal(expression, result, ['result', expression.trim(), told]);
  });

  test.each([
    ['string(now)', 'now', 'limits nothing'],
    ['call.id', 'call', 'limits nothing'],
  ])('%s is no key of a limit', (expression, marked, told) => {
    expectRefusal(expression, 'any', ['not-allowed', marked, told]);
  });
});

describe('syntax', () => {
  const ROWS: Refusal[] = [
    ['', 'syntax', '', 'the expression is empty'],
    ['   // nothing', 'syntax', '', 'the expression is empty'],
    ["tool.name = 'x'", 'syntax', '=', 'compared with `==`'],
    ['true & false', 'syntax', '&', '`&&`'],
    ['true and false', 'syntax', 'and', '`&&`'],
    ['not true', 'syntax', 'not', '`!`'],
    ["tool.name contains 'x'", 'syntax', 'contains', "text.contains('part')"],
    ['tool.name ==', 'syntax', '==', 'ends after `==`'],
    ['tool.', 'syntax', '.', 'ends after `.`'],
    ['== 3', 'syntax', '==', 'unexpected `==`'],
    ['1 < > 2', 'syntax', '>', 'unexpected `>`'],
    ['(true && false', 'syntax', '(', '`(` is not closed'],
    ['true)', 'syntax', ')', 'closes nothing'],
    ['[1, 2)', 'syntax', ')', '`)` where `]` is due'],
    ["tool.name == 'x", 'syntax', "'", 'does not end'],
    ['tool.name == ‘x’', 'syntax', '‘', 'unexpected'],
    ['if', 'syntax', 'if', 'reserved word'],
    ['tool.?name', 'syntax', '?', 'unexpected'],
    ['a ? b', 'syntax', '?', 'unexpected'],
    ["tool.name.matches('\\d+')", 'syntax', '\\d', "written `r'…'`"],
    ["'\\x4' == 'x'", 'syntax', '\\x', 'is no escape'],
  ];
  test.each(ROWS)('%s', (expression, ...told) => expectRefusal(expression, 'bool', told));

  test('too long and too deep expressions are refused at once', () => {
    const long = `${'true && '.repeat(2000)}true`;
    expect(checkCel(long, 'call', 'bool')[0]?.message).toContain('longer than');
    const deep = `${'('.repeat(4000)}true${')'.repeat(4000)}`;
    expect(checkCel(deep, 'call', 'bool')[0]?.message).toContain('nested too deeply');
    const chain = `args${'.a'.repeat(4000)} == 1`;
    expect(checkCel(chain, 'call', 'bool').every(({ message }) => message.includes('too deeply'))).toBe(true);
  });
});

test('every problem of an expression is told, in the order of their places', () => {
  const problems = checkCel(
    "principle.id == 'x' && tool.nmae == 1 && tool.name.startWith('x')",
    'call',
    'bool',
  );
  expect(problems.map(({ code, offset }) => [code, offset])).toEqual([
    ['unknown-name', 0],
    ['unknown-field', 28],
    ['function', 51],
  ]);
});
