import { isCelError } from '@bufbuild/cel';
import { describe, expect, test } from 'vitest';
import { CALL_ENVIRONMENT, UNKNOWN } from '../../../policies/cel/environment.ts';
import { prepareCel } from '../../../policies/cel/program.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import { promptGet, resourceRead, toolCall } from '../call-facts.ts';

const evaluate = (expression: string, facts: CallFacts) =>
  prepareCel(expression, CALL_ENVIRONMENT).evaluate(facts);

/** Arguments as they come out of JSON.parse. */
const withArgs = (json: string) => toolCall('gh_get', { args: JSON.parse(json) });

const expectError = (expression: string, facts: CallFacts, message: string) => {
  const outcome = evaluate(expression, facts);
  expect(isCelError(outcome) ? outcome.message : outcome).toEqual(expect.stringContaining(message));
};

describe('conditions that hold', () => {
  const facts = withArgs(
    '{"labels":["prod","x"],"count":3,"ratio":1.5,"big":1e20,"max":9007199254740991,"nested":{"a":{"b":[1,{"c":true}]}},"none":null,"dotted.key":"d","dotted":{"key":"n"},"text":"hello"}',
  );
  test.each([
    'true',
    "principal.id == 'alice' && principal.kind == 'user' && principal.identity == 'workforce'",
    "'engineering' in principal.roles && !('admin' in principal.roles)",
    "principal.tenant == 'acme' && principal.assurance >= 1 && principal.assurance < 2",
    "principal.claims.org.id == 'acme' && principal.claims['org']['id'] == 'acme'",
    "principal.claims.groups == ['a', 'b'] && principal.scopes[0] == 'mcp:read'",
    'principal.claims.level == 3 && principal.claims.level + 1 == 4 && principal.claims.ratio == 0.5',
    "client.address == '10.0.0.1' && client.era == 'modern' && client.name == 'client'",
    "server.name == 'engineering' && upstream.name == 'github' && tool.upstream == 'github'",
    "call.method == 'tools/call' && call.name == 'gh_get' && call.id == '7'",
    "tool.annotations.destructiveHint && !tool.annotations.readOnlyHint && tool.annotations.title == ''",
    "request.headers['x-team'] == 'core' && request.headers.size() == 1 && request.path == '/mcp'",
    "now == timestamp('2026-11-20T09:30:15.250Z') && now.getDayOfWeek() == 5",
    "'prod' in args.labels && args.labels[1] == 'x' && size(args.labels) == 2",
    'args.count == 3 && args.count == 3.0 && args.count == 3u && args.count > 2.5 && args.count + 1 == 4',
    'type(args.count) == int && type(args.ratio) == double && type(args.big) == double',
    'args.max == 9007199254740991 && args.big > 1e19 && args.ratio * 2.0 == 3.0',
    'args.nested.a.b[0] == 1 && args.nested.a.b[1].c',
    "args['dotted.key'] == 'd' && args.dotted.key == 'n' && args['dotted']['key'] == 'n'",
    'args.none == null && !has(args.missing) && has(args.count) && has(args.nested.a)',
    'has(tool.name) && has(tool.annotations) && !has(resource.uri) && has(principal.claims) && has(args.nested.a.b)',
    "args.exists(key, key == 'count') && 'count' in args && !('missing' in args)",
    "args.labels.all(label, label != 'y') && args.labels.exists_one(label, label == 'prod')",
    "args.labels.map(label, label + '!') == ['prod!', 'x!'] && args.labels.filter(l, l == 'x') == ['x']",
    "(args.count > 2 ? 'many' : 'few') == 'many'",
    "args.text.matches('^h.*o$') && args.text.upperAscii() == 'HELLO' && args.text.size() == 5",
    "{'a': args.count}['a'] == 3 && [args.count, 'x'][0] == 3 && args.labels + ['y'] == ['prod', 'x', 'y']",
    "duration('90m').getHours() == 1 && now - duration('24h') < now",
    'false || true // at the end',
  ])('%s', (expression) => {
    expect(evaluate(expression, facts)).toBe(true);
  });
});

describe('attributes that are not known', () => {
  const item = toolCall('gh_get');
  test.each([
    'args.a == 1',
    "'x' in args.labels",
    'has(args.a)',
    'args.a.b.c || false',
    'true && args.a',
    'args.a && args.b',
    'args.a || 1 / 0 == 1',
    '1 / 0 == 1 || args.a',
    'args.list.all(x, x > 1)',
    'principal.roles.exists(role, role in args.roles)',
    'args.a ? true : true',
    'size(args) == 0',
    '!(args.a == 1) && true',
  ])('leave %s open', (expression) => {
    expect(evaluate(expression, item)).toBe(UNKNOWN);
  });

  test.each([
    ['false && args.a', false],
    ['args.a && false', false],
    ["args.a == 1 || tool.name == 'gh_get'", true],
    ["tool.name == 'other' ? args.a : true", true],
    ["principal.roles.exists(role, role == 'engineering' || role in args.roles)", true],
    ["principal.roles.all(role, role == 'nobody' && role in args.roles)", false],
    ["call.method != 'tools/call' && args.a", false],
  ])('do not matter to %s', (expression, value) => {
    expect(evaluate(expression, item)).toBe(value);
  });

  test('a tool, resource or prompt that the method has but the facts lack is unknown', () => {
    const { tool: _tool, upstream: _upstream, ...noTool } = item;
    expect(evaluate("tool.name == 'x'", noTool)).toBe(UNKNOWN);
    expect(evaluate("upstream.name == 'x'", noTool)).toBe(UNKNOWN);
    expect(evaluate('has(tool.name)', noTool)).toBe(UNKNOWN);
    const { resource: _resource, ...noResource } = resourceRead('file:///x');
    expect(evaluate("resource.uri == 'x'", noResource)).toBe(UNKNOWN);
    const { prompt: _prompt, ...noPrompt } = promptGet('x');
    expect(evaluate("prompt.name == 'x'", noPrompt)).toBe(UNKNOWN);
  });

  test('a method without arguments has none: nothing about them is unknown', () => {
    const facts = resourceRead('file:///x');
    expect(evaluate('!has(args.a) && size(args) == 0', facts)).toBe(true);
    expectError('args.a == 1', facts, 'there is no args.a');
  });
});

describe('errors', () => {
  test('an attribute that does not apply to the call is an error unless it is guarded', () => {
    const facts = resourceRead('file:///x');
    expectError("tool.name == 'x'", facts, 'there is no tool.name');
    expectError('tool.annotations.destructiveHint', facts, 'there is no tool.annotations.destructiveHint');
    expect(evaluate("has(tool.name) && tool.name == 'x'", facts)).toBe(false);
    expect(evaluate("call.method == 'tools/call' && tool.annotations.destructiveHint", facts)).toBe(false);
    expect(evaluate("tool.name == 'x' || resource.uri == 'file:///x'", facts)).toBe(true);
  });

  test.each([
    ['args.missing == 1', 'there is no args.missing'],
    ['args.a.b.c == 1', 'there is no args.a.b.c'],
    ['has(args.missing.deeper)', 'there is no args.missing.deeper'],
    ['args.list[9] == 1', 'out of bounds'],
    ['args.list.exists(x, x.y == 1)', 'field not found'],
    ["args.a + 'x' == ''", 'no matching overload'],
    ['args.text > 1', 'no matching overload'],
    ['args.text && true', 'type mismatch'],
    ['int(args.text) == 1', 'Cannot convert'],
    ['args.zero != 0 || 1 / args.zero == 1', 'divide by zero'],
  ])('%s', (expression, message) => {
    expectError(expression, withArgs('{"a":1,"list":[1],"text":"x","zero":0}'), message);
  });

  test('a media type that the resource does not declare is absent, so that no rule about it passes by', () => {
    const facts = resourceRead('file:///x', { resource: { uri: 'file:///x', mimeType: '' } });
    expectError("resource.mimeType != 'text/secret'", facts, 'there is no resource.mimeType');
    expect(evaluate('has(resource.uri) && !has(resource.mimeType)', facts)).toBe(true);
  });

  test('a list is no object: its length and its indexes are no fields', () => {
    expectError('args.list.length == 1', withArgs('{"list":[1]}'), 'there is no args.list.length');
    expectError('args.text.length == 1', withArgs('{"text":"x"}'), 'there is no args.text.length');
  });
});

describe('hostile values', () => {
  test('names of the language underneath are keys like any other', () => {
    const facts = withArgs(
      '{"__proto__":{"admin":true},"constructor":{"name":"Object"},"list":[{"constructor":1}]}',
    );
    expect(evaluate('args.__proto__.admin', facts)).toBe(true);
    expect(evaluate("args.constructor.name == 'Object' && args.list[0].constructor == 1", facts)).toBe(true);
    expect(
      evaluate(
        "args == {'__proto__': {'admin': true}, 'constructor': {'name': 'Object'}, 'list': [{'constructor': 1}]}",
        facts,
      ),
    ).toBe(true);
    const plain = withArgs('{}');
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      expect(evaluate(`has(args.${name})`, plain)).toBe(false);
      expect(evaluate(`'${name}' in args || '${name}' in principal.claims`, plain)).toBe(false);
      expectError(`args.${name} == 1`, plain, `there is no args.${name}`);
      expectError(`request.headers.${name} == 'x'`, plain, `there is no request.headers.${name}`);
    }
  });

  test('a dot in a key never reads as a path', () => {
    expectError("args['a.b'] == 1", withArgs('{"a":{"b":1}}'), 'there is no args.a.b');
    expectError('args.a.b == 1', withArgs('{"a.b":1}'), 'there is no args.a.b');
    const both = "args['a.b'] == 1 && args.a.b == 2 && args.a['b.c'] == 3 && args['a.b.c'] == 4";
    expect(evaluate(both, withArgs('{"a.b":1,"a":{"b":2,"b.c":3},"a.b.c":4}'))).toBe(true);
  });

  test('regular expressions take time in proportion to the text', () => {
    const facts = toolCall('x', { args: { text: `${'a'.repeat(200_000)}!` } });
    const started = performance.now();
    expect(evaluate("args.text.matches('^(a+)+$')", facts)).toBe(false);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('a pattern that is long enough to be costly is an error', () => {
    const facts = toolCall('x', { args: { pattern: 'a'.repeat(100_000) } });
    expectError('tool.name.matches(args.pattern)', facts, 'at most 1000 characters');
  });

  test.each([
    ['args.a.all(x, args.a.all(y, x == y))', { a: Array(20_000).fill(1) }],
    ['args.a.map(x, x).size() > 0', { a: Array(20_000).fill(1) }],
    ['args.a.filter(x, x in args.a).size() > 0', { a: Array.from({ length: 15_000 }, (_, i) => i) }],
    ['args.a.all(x, !args.t.contains(x))', { a: Array(15_000).fill('z'), t: 'y'.repeat(1_000_000) }],
    [
      'args.all(key, key.size() > 0)',
      Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, i])),
    ],
  ])('the loops of %s end after a fixed number of steps', (expression, args) => {
    const started = performance.now();
    expectError(expression, toolCall('x', { args }), 'too many steps');
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('a loop over a few hundred elements is no trouble, one call after the other', () => {
    const program = prepareCel('args.a.filter(x, x % 2 == 0).map(x, x + 1).all(x, x > 0)', CALL_ENVIRONMENT);
    const facts = toolCall('x', { args: { a: Array.from({ length: 500 }, (_, i) => i) } });
    for (let count = 0; count < 20; count++) expect(program.evaluate(facts)).toBe(true);
  });

  test('JSON that is nested deeper than any honest value is an error', () => {
    const depth = 5000;
    const facts = toolCall('x', { args: JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) });
    expectError('args == {}', facts, 'nested too deeply');
    expect(evaluate(`has(args.a.a.a)`, facts)).toBe(true);
  });

  test('a huge text costs no more than looking at it', () => {
    const facts = toolCall('x', { args: { text: 'é'.repeat(2_000_000) } });
    expect(evaluate("args.text.startsWith('é') && args.text != '' && !args.text.contains('x')", facts)).toBe(
      true,
    );
  });
});

test('only what an expression names is read', () => {
  const read: string[] = [];
  const facts = toolCall('x', { args: {} });
  const watched = new Proxy(facts, {
    get(target, key) {
      read.push(String(key));
      return Reflect.get(target, key);
    },
  });
  expect(evaluate("tool.name == 'x' || principal.id == 'y' || args.a == 1", watched)).toBe(true);
  expect(read).toEqual(['tool']);
});

test('variables are the attributes named, with the groups they are part of', () => {
  const { variables } = prepareCel(
    "has(args.a.b) && principal.roles.exists(r, r == tool.annotations.title) && request.headers['x'] == ''",
    CALL_ENVIRONMENT,
  );
  expect([...variables].sort()).toEqual([
    'args',
    'args.a',
    'args.a.b',
    'principal',
    'principal.roles',
    'request',
    'request.headers',
    'request.headers.x',
    'tool',
    'tool.annotations',
    'tool.annotations.title',
  ]);
});

test.each([
  'tool',
  'unknown.name',
  "tool.nmae == 'x'",
  'tool.name.length == 1',
  'principal.roles.all(tool, true)',
  'google.protobuf.Value{}',
  'a b',
  '',
  '('.repeat(100_000),
])('preparing %s fails', (expression) => {
  expect(() => prepareCel(expression, CALL_ENVIRONMENT)).toThrow('cannot prepare the CEL expression');
});
