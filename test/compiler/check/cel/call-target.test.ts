import { describe, expect, test } from 'vitest';
import type { CallTarget } from '../../../../compiler/check/cel/call-target.ts';
import { checkCel } from '../../../../compiler/check/cel/check.ts';
import { typeOfSchema } from '../../../../compiler/check/cel/schema-type.ts';
import { DYN } from '../../../../policies/cel/types.ts';

const tool = (name: string, server: string, properties: object, required: string[] = []): CallTarget => ({
  kind: 'tool',
  name,
  server,
  upstream: name.split('_')[0]!,
  args: typeOfSchema({ type: 'object', properties, required }),
});

const TEXT = { type: 'string' };
const TARGETS: readonly CallTarget[] = [
  tool('fs_read', 'main', { path: TEXT, head: { type: 'integer' } }, ['path']),
  tool('fs_write', 'main', { path: TEXT, text: TEXT }, ['path', 'text']),
  tool('db_query', 'other', { sql: TEXT, limit: { type: 'number' }, path: { type: 'integer' } }, ['sql']),
  { ...tool('greet', 'main', { who: TEXT }), kind: 'prompt', upstream: 'fs' },
];

const told = (expression: string, targets = TARGETS) =>
  checkCel(expression, 'call', 'bool', targets).map(({ code, offset, length }) => [
    code,
    expression.slice(offset, offset + length),
  ]);

describe('an argument that no call has', () => {
  test.each([
    ['has(args.pth)', 'pth'],
    ["args.pth == 'x'", 'pth'],
    ["args['pth'] == 'x'", "'pth'"],
    ["tool.name == 'fs_read' && args.sql == 'x'", 'sql'],
    ["args.sql == 'x' && 'fs_read' == tool.name", 'sql'],
    ["tool.name != 'db_query' && has(args.sql)", 'sql'],
    ["!(tool.name == 'db_query') && has(args.sql)", 'sql'],
    ["tool.name == 'db_query' || has(args.sql)", 'sql'],
    ["tool.name in ['fs_read', 'fs_write'] && has(args.limit)", 'limit'],
    ["tool.name.startsWith('fs_') && has(args.who)", 'who'],
    ["upstream.name == 'fs' && has(args.limit)", 'limit'],
    ["tool.upstream == 'fs' && has(args.who)", 'who'],
    ["server.name == 'main' && has(args.limit)", 'limit'],
    ["prompt.name == 'greet' && has(args.path)", 'path'],
    ["call.name == 'fs_read' ? has(args.text) : true", 'text'],
    ["call.name == 'fs_read' ? true : has(args.head)", 'head'],
    ["(tool.name == 'fs_read' || tool.name == 'fs_write') && has(args.limit)", 'limit'],
  ])('is refused in %s', (expression, marked) => {
    expect(told(expression)).toEqual([['unknown-argument', marked]]);
  });
});

describe('an argument that some call has', () => {
  test.each([
    "has(args.path) && args.path == 'x'",
    'has(args.sql) && has(args.who) && has(args.head)',
    "tool.name == 'fs_read' && args.path.startsWith('/etc')",
    "tool.name == 'db_query' && args.sql.contains('drop')",
    "tool.name == 'db_query' && has(args.limit) && args.limit > 10 && args.limit < 1.5",
    "tool.name == 'db_query' && has(args.limit) && double(args.limit) * 1.5 > 2.0",
    "'sql' in args && args.sql == ''",
    "tool.name == 'gone' && args.anything == 1",
    'tool.name == principal.id && has(args.sql)',
    "args.exists(name, name == 'path') || size(args) > 3 || args == {}",
  ])('is accepted in %s', (expression) => {
    expect(told(expression)).toEqual([]);
  });

  test('has the type that its tool gives it', () => {
    expect(told("tool.name == 'fs_read' && args.path > 3")).toEqual([['type', '>']]);
    expect(told("tool.name == 'db_query' && has(args.path) && args.path > 3")).toEqual([]);
    expect(told('has(args.path) && args.path > 3')).toEqual([]);
    expect(told("tool.name == 'db_query' && has(args.limit) && args.limit * 1.5 > 2.0")).toEqual([
      ['type', '*'],
    ]);
  });

  test('is warned of where calls may lack it and nothing asks for it', () => {
    expect(told("args.path == 'x'")).toEqual([['unguarded-argument', 'path']]);
    expect(told("tool.name == 'fs_read' && args.head == 1")).toEqual([['unguarded-argument', 'head']]);
    expect(told("tool.name.startsWith('fs_') && args.path == 'x'")).toEqual([]);
  });
});

test('anything may be an argument where one of the targets leaves that open', () => {
  const open = [...TARGETS, { ...TARGETS[0]!, name: 'fs_any', args: DYN }];
  expect(told("args.anything == 'x'", open)).toEqual([]);
  expect(told("tool.name == 'fs_read' && has(args.anything)", open)).toEqual([
    ['unknown-argument', 'anything'],
  ]);
});

test('a name that is near is proposed, with what the tools have', () => {
  const [problem] = checkCel("tool.name == 'fs_read' && has(args.pth)", 'call', 'bool', TARGETS);
  expect(problem).toMatchObject({
    message: 'no call that this rule is for has an argument `pth`',
    help: ['did you mean `path`?'],
    notes: ['`fs_read` has `path`, `head`'],
    fix: { text: 'path', applicability: 'maybe' },
  });
});
