import { describe, expect, test } from 'vitest';
import { prepareRbacPolicy } from '../../../policies/rbac/policy.ts';
import type { RbacPermission, RbacPolicyNode } from '../../../schema/graph/policy.ts';
import { principal, promptGet, resourceRead, toolCall } from '../call-facts.ts';

const policy = (
  roles: Record<string, readonly RbacPermission[]>,
  bindings: RbacPolicyNode['bindings'],
): RbacPolicyNode => ({ kind: 'policy', type: 'rbac', name: 'team', roles, bindings });

const READ: RbacPermission[] = [
  { method: 'tools/call', names: ['gh_get_*', 'gh_search_*', 'read_file'] },
  { method: 'resources/read', uris: ['file:///data/**'] },
];
const TEAM = prepareRbacPolicy(
  policy({ reader: READ, writer: [...READ, { method: 'tools/call', names: ['gh_create_issue'] }] }, [
    { roles: ['reader'], when: "'engineering' in principal.roles" },
    { roles: ['writer'], when: "principal.tenant == 'acme' && principal.assurance >= 2" },
  ]),
);

const writer = principal({ roles: [], assurance: 2 });
const stranger = principal({ roles: [], assurance: 1 });

test.each([
  ['a reader reads', toolCall('gh_get_issue'), 'pass'],
  ['a reader does not write', toolCall('gh_create_issue'), 'deny'],
  ['a reader reads data', resourceRead('file:///data/a/b.txt'), 'pass'],
  ['a reader reads nothing else', resourceRead('file:///etc/passwd'), 'deny'],
  ['a reader does not climb out of the data', resourceRead('file:///data/../etc/passwd'), 'deny'],
  ['a writer reads what a reader does', toolCall('gh_search_code', { principal: writer }), 'pass'],
  ['a writer writes', toolCall('gh_create_issue', { principal: writer }), 'pass'],
  ['a stranger may do nothing', toolCall('gh_get_issue', { principal: stranger }), 'deny'],
  ['what no role names is denied', toolCall('delete_all', { principal: writer }), 'deny'],
  ['a prompt is not a tool', promptGet('gh_get_issue', { principal: writer }), 'deny'],
  [
    'another method is another thing',
    { ...toolCall('read_file'), call: { method: 'x', name: 'read_file', id: '1' } },
    'deny',
  ],
] as const)('%s', (_, facts, verdict) => {
  expect(TEAM.judge(facts)).toBe(verdict);
});

describe('permissions', () => {
  const judge = (permission: RbacPermission, facts: Parameters<typeof TEAM.judge>[0]) =>
    prepareRbacPolicy(policy({ all: [permission] }, [{ roles: ['all'], when: 'true' }])).judge(facts);

  test('`*` is every method, and without names and URIs every target', () => {
    expect(judge({ method: '*' }, toolCall('x'))).toBe('pass');
    expect(judge({ method: '*' }, resourceRead('file:///x'))).toBe('pass');
    expect(judge({ method: 'tools/call' }, toolCall('x'))).toBe('pass');
    expect(judge({ method: 'tools/call' }, resourceRead('file:///x'))).toBe('deny');
  });

  test('names permit no resource, and URIs no tool', () => {
    expect(judge({ method: '*', names: ['*'] }, resourceRead('file:///x'))).toBe('deny');
    expect(judge({ method: '*', names: ['*'] }, promptGet('x'))).toBe('pass');
    expect(judge({ method: '*', uris: ['*'] }, toolCall('x'))).toBe('deny');
    expect(judge({ method: '*', uris: ['*'] }, resourceRead('file:///x'))).toBe('pass');
  });

  test('names and URIs together bound each its own', () => {
    const both: RbacPermission = { method: '*', names: ['a*'], uris: ['file:///data/*'] };
    expect(judge(both, toolCall('abc'))).toBe('pass');
    expect(judge(both, toolCall('xabc'))).toBe('deny');
    expect(judge(both, resourceRead('file:///data/x'))).toBe('pass');
    expect(judge(both, resourceRead('file:///x'))).toBe('deny');
  });
});

describe('bindings', () => {
  const judge = (whens: readonly string[], facts = toolCall('x')) =>
    prepareRbacPolicy(
      policy(
        { all: [{ method: '*' }], none: [] },
        whens.map((when) => ({ roles: ['all'], when })),
      ),
    ).judge(facts);

  test('are alternatives: one that holds is enough, even beside one that cannot be evaluated', () => {
    expect(judge(['false', 'true'])).toBe('pass');
    expect(judge(['principal.claims.missing == 1', 'true'])).toBe('pass');
    expect(judge(['args.a == 1', 'true'])).toBe('pass');
  });

  test('that cannot be evaluated are an error where none holds', () => {
    expect(judge(['principal.claims.missing == 1', 'false'])).toBe('error');
    expect(judge(['principal.claims.level'])).toBe('error');
  });

  test('about arguments are undecided in a list and decided in a call', () => {
    expect(judge(['args.a == 1', 'false', 'principal.claims.missing == 1'])).toBe('undecided');
    expect(judge(['args.a == 1'], toolCall('x', { args: { a: 1 } }))).toBe('pass');
    expect(judge(['args.a == 1'], toolCall('x', { args: { a: 2 } }))).toBe('deny');
  });

  test('whose roles do not permit the call are not looked at', () => {
    const node = policy({ none: [] }, [{ roles: ['none'], when: 'principal.claims.missing == 1' }]);
    expect(prepareRbacPolicy(node).judge(toolCall('x'))).toBe('deny');
  });

  test('a role called like a member of every object is a role like any other', () => {
    const roles = JSON.parse('{"__proto__":[{"method":"tools/call"}]}');
    const node = policy(roles, [{ roles: ['__proto__'], when: 'true' }]);
    expect(prepareRbacPolicy(node).judge(toolCall('x'))).toBe('pass');
    const missing = policy({}, [{ roles: ['toString'], when: 'true' }]);
    expect(() => prepareRbacPolicy(missing)).toThrow('no role `toString`');
  });
});
