import { expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { definitionHash } from '../../../policies/pin/definition-hash.ts';
import { lockText } from '../../../schema/lock/lock-text.ts';

const itemOf = (name: string) => {
  const definition = { name };
  return { name, definition, sha256: definitionHash(definition)! };
};

const offering = (tools: readonly string[], prompts: readonly string[] = []) => ({
  tools: tools.map(itemOf),
  prompts: prompts.map(itemOf),
  resourceTemplates: [],
});

const LOCK = lockText({
  lockVersion: 1,
  upstreams: {
    a: offering(['get', 'list', 'put', 'drop', 'stat'], ['greet']),
    b: offering(['get', 'list', 'put', 'drop', 'search'], ['greet']),
  },
});

interface Written {
  readonly expose: readonly string[];
  readonly names?: string;
  readonly method?: string;
}

const findings = (
  { expose, names, method = 'tools/call' }: Written,
  isLocking = false,
): readonly string[] => {
  const policy = `policies:
  p:
    type: rbac
    roles: { r: { allow: [{ method: ${method}, names: ${names} }] } }
    bindings: [{ roles: [r], when: 'true' }]
`;
  const text = `version: 1
listeners: { main: { bind: 127.0.0.1:8080 } }
servers:
  s:
    at: [{ listener: main }]
    anonymous: true
    policies: [${names === undefined ? '' : 'p'}]
    expose:
${expose.map((each) => `      - ${each}\n`).join('')}upstreams:
  a: { type: stdio, command: [a] }
  b: { type: stdio, command: [b] }
  unlocked: { type: stdio, command: [c] }
${names === undefined ? '' : policy}`;
  const files: Readonly<Record<string, string>> = { 'gateway.yaml': text, 'gateway.lock': LOCK };
  const read = (path: string) => (files[path] === undefined ? undefined : Buffer.from(files[path]));
  return compile({ main: 'gateway.yaml', read, isLocking })
    .diagnostics.filter(({ code }) => code !== 'GW2009')
    .map(({ code, message, span }) => `${code} ${span.line}:${span.column} ${message}`);
};

test('what is locked may be allowed, renamed and permitted by its exposed name', () => {
  const expose = [
    '{ upstream: a, prefix: a_, tools: { allow: [get, "*s*"], rename: { get: fetch } } }',
    '{ upstream: b, prompts: false }',
  ];
  expect(findings({ expose, names: '[fetch, a_stat, search]' })).toEqual([]);
  expect(findings({ expose, names: '["a_*"]' })).toEqual([]);
  expect(findings({ expose, names: '[a_greet]', method: 'prompts/get' })).toEqual([]);
  expect(findings({ expose, names: '[a_greet, fetch]', method: '"*"' })).toEqual([]);
});

test('a glob that matches nothing is told like a name', () => {
  expect(findings({ expose: ['{ upstream: a, tools: { allow: [get, "delete_*"] } }'] })).toEqual([
    'GW7010 9:46 no locked tool of upstream `a` matches `delete_*`',
  ]);
});

test('of an upstream that is not locked nothing is known, and nothing said', () => {
  const expose = ['{ upstream: unlocked, tools: { allow: [any], rename: { any: other } } }'];
  expect(findings({ expose, names: '[other]' })).toEqual([]);
});

test('many names that clash are one finding, and prompts are another', () => {
  const found = findings({ expose: ['{ upstream: a }', '{ upstream: b }'] });
  expect(found).toEqual([
    'GW7012 10:21 upstreams `a` and `b` both give the prompt name `greet`',
    'GW7012 10:21 upstreams `a` and `b` both give the tool names `drop`, `get`, `list` and 1 other',
  ]);
});

test('a rename that takes the name of another upstream is a clash', () => {
  const expose = [
    '{ upstream: a, prompts: false, tools: { allow: [stat], rename: { stat: search } } }',
    '{ upstream: b, tools: { allow: ["s*"] } }',
  ];
  expect(findings({ expose })).toEqual([
    'GW7012 10:21 upstreams `a` and `b` both give the tool name `search`',
  ]);
});

test('what is found without a lock is not told again', () => {
  expect(findings({ expose: ['{ upstream: a }', '{ upstream: a }'] }).join()).not.toContain('GW7012');
  const spelled = ['a', 'b'].map((name) => `{ upstream: ${name}, tools: { allow: [get] }, prompts: false }`);
  expect(findings({ expose: spelled })).toEqual([
    'GW2013 10:41 the tool name `get` is given twice in this server',
  ]);
});

test('a permission for the name that the upstream uses, where another is exposed, is told', () => {
  const expose = ['{ upstream: a, prefix: a_ }'];
  expect(findings({ expose, names: '[get]' })).toEqual([
    'GW7013 17:57 nothing that a server with this policy exposes matches `get`',
  ]);
});

test('when the lock is about to be written, the old one is not asked for', () => {
  expect(findings({ expose: ['{ upstream: a, tools: { allow: [new] } }'] }, true)).toEqual([]);
});
