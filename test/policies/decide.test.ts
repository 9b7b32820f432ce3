import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { preparePolicies } from '../../policies/decide.ts';
import type { PolicyNode, RbacPolicyNode } from '../../schema/graph/policy.ts';
import { principal, resourceRead, toolCall } from './call-facts.ts';
import { args, cel, policyNodes } from './random-policies.ts';

const decide = (
  nodes: readonly PolicyNode[],
  facts: Parameters<ReturnType<typeof preparePolicies>['decide']>[0],
) => preparePolicies(nodes).decide(facts);

const ALLOWED = { kind: 'allow' };
const denied = (policy: string, certain: boolean, reason = 'denied') => ({
  kind: 'deny',
  policy,
  certain,
  reason,
});

test('with no policy every call passes', () => {
  expect(decide([], toolCall('x'))).toEqual(ALLOWED);
});

test('a call passes when every policy passes', () => {
  const nodes = [
    cel('one', 'allow', "tool.name == 'x'"),
    cel('two', 'deny', 'tool.annotations.readOnlyHint'),
  ];
  expect(decide(nodes, toolCall('x', { args: {} }))).toEqual(ALLOWED);
  expect(decide(nodes, toolCall('y', { args: {} }))).toEqual(denied('one', true));
});

test('the first policy that denies is named', () => {
  const nodes = [cel('one', 'allow', 'true'), cel('two', 'allow', 'false'), cel('three', 'allow', 'false')];
  expect(decide(nodes, toolCall('x'))).toEqual(denied('two', true));
});

describe('a rule about arguments', () => {
  const nodes = [cel('no-prod', 'deny', "'prod' in args.labels", 'production is off limits')];

  test('is undecided in a list', () => {
    expect(decide(nodes, toolCall('x'))).toEqual({ kind: 'undecided', policy: 'no-prod' });
  });

  test('denies a call with its reason, as no certainty', () => {
    const decision = decide(nodes, toolCall('x', { args: { labels: ['prod'] } }));
    expect(decision).toEqual({ ...denied('no-prod', false), because: 'production is off limits' });
  });

  test('lets other calls pass', () => {
    expect(decide(nodes, toolCall('x', { args: { labels: [] } }))).toEqual(ALLOWED);
  });

  test('denies with an error where the argument is missing or of another type', () => {
    expect(decide(nodes, toolCall('x', { args: {} }))).toMatchObject(denied('no-prod', false, 'error'));
    expect(decide(nodes, toolCall('x', { args: { labels: 'prod' } }))).toMatchObject(
      denied('no-prod', false, 'error'),
    );
    expect(decide(nodes, toolCall('x', { args: null }))).toMatchObject(denied('no-prod', false, 'error'));
  });

  test('denies with certainty where it decides without them', () => {
    const mixed = [cel('mixed', 'deny', "tool.name == 'x' || args.a == 1")];
    expect(decide(mixed, toolCall('x', { args: { a: 1 } }))).toEqual(denied('mixed', true));
    expect(decide(mixed, toolCall('y', { args: { a: 1 } }))).toEqual(denied('mixed', false));
    expect(decide(mixed, toolCall('x'))).toEqual(denied('mixed', true));
  });
});

test('a tool that a later policy hides is not given away by an earlier one about arguments', () => {
  const nodes = [
    cel('arguments', 'deny', 'args.a == 1', 'a is 1'),
    cel('hidden', 'deny', "tool.name == 'secret'"),
  ];
  expect(decide(nodes, toolCall('secret'))).toEqual(denied('hidden', true));
  expect(decide(nodes, toolCall('secret', { args: { a: 1 } }))).toEqual(denied('hidden', true));
  expect(decide(nodes, toolCall('secret', { args: {} }))).toEqual(denied('hidden', true));
  expect(decide(nodes, toolCall('open', { args: { a: 1 } }))).toMatchObject(denied('arguments', false));
});

describe('errors deny', () => {
  test.each([
    ['allow', 'principal.claims.missing == 1'],
    ['deny', 'principal.claims.missing == 1'],
    ['allow', 'principal.claims.level'],
    ['deny', "principal.claims.org + 'x' == ''"],
  ] as const)('%s: %s', (effect, expression) => {
    expect(decide([cel('p', effect, expression)], toolCall('x', { args: {} }))).toEqual(
      denied('p', true, 'error'),
    );
  });

  test('a rule about tools denies the read of a resource unless it is guarded', () => {
    const bare = [cel('p', 'deny', 'tool.annotations.destructiveHint')];
    const guarded = [cel('p', 'deny', 'has(tool.name) && tool.annotations.destructiveHint')];
    expect(decide(bare, resourceRead('file:///x'))).toEqual(denied('p', true, 'error'));
    expect(decide(guarded, resourceRead('file:///x'))).toEqual(ALLOWED);
    expect(decide(guarded, toolCall('x'))).toEqual(denied('p', true));
  });

  test('an error that another operand absorbs is none', () => {
    const node = cel('p', 'allow', "principal.claims.missing == 1 || tool.name == 'x'");
    expect(decide([node], toolCall('x'))).toEqual(ALLOWED);
  });
});

test('a call whose tool is not known is undecided', () => {
  const { tool: _, ...unknownTool } = toolCall('x', { args: {} });
  const undecided = { kind: 'undecided', policy: 'p' };
  expect(decide([cel('p', 'allow', "tool.name == 'x'")], unknownTool)).toEqual(undecided);
});

test('the clock is part of the facts', () => {
  const freeze = [cel('freeze', 'deny', 'now.getDayOfWeek() in [0, 6]')];
  expect(decide(freeze, toolCall('x', { nowMs: Date.UTC(2026, 10, 20) }))).toEqual(ALLOWED);
  expect(decide(freeze, toolCall('x', { nowMs: Date.UTC(2026, 10, 21) }))).toEqual(denied('freeze', true));
});

test.each([
  ["'a' in principal.roles && tool.annotations.readOnlyHint && upstream.name == call.name", true],
  ["resource.uri.startsWith('x') || prompt.name == server.name || call.method == 'x'", true],
  ['args.a == 1', false],
  ['has(args.a)', false],
  ['now.getHours() == 1', false],
  ["client.address == 'x'", false],
  ["request.headers['x'] == 'y'", false],
  ["call.id == 'x'", false],
])('whether %s can be kept: %s', (expression, cacheable) => {
  expect(preparePolicies([cel('p', 'allow', expression)]).cacheable).toBe(cacheable);
});

test('policies that the compiler would not have emitted are refused when prepared', () => {
  expect(() => preparePolicies([cel('p', 'allow', 'tool.nmae')])).toThrow('cannot prepare');
  const rbac: RbacPolicyNode = {
    kind: 'policy',
    type: 'rbac',
    name: 'p',
    roles: {},
    bindings: [{ roles: ['constructor'], when: 'true' }],
  };
  expect(() => preparePolicies([rbac])).toThrow('no role `constructor`');
});

test('what a list denies, no arguments make pass; what it allows, none make fail; and certain is what it denies', () => {
  fc.assert(
    fc.property(policyNodes, args, (nodes, value) => {
      const policies = preparePolicies(nodes);
      const listed = policies.decide(toolCall('x'));
      const called = policies.decide(toolCall('x', { args: value }));
      if (listed.kind === 'deny') expect(called).toMatchObject({ kind: 'deny', certain: true });
      if (listed.kind === 'allow') expect(called).toEqual(ALLOWED);
      if (called.kind === 'deny') expect(called.certain).toBe(listed.kind === 'deny');
      expect(called.kind).not.toBe('undecided');
    }),
    { numRuns: 3000 },
  );
});

test('no arguments whatever make a decision throw', () => {
  const policies = preparePolicies([
    cel(
      'p',
      'allow',
      "args.a.b == args['c'] || args.exists(k, args[k] == 1) || size(args) > 3 || args == {}",
    ),
  ]);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const { kind } = policies.decide(toolCall('x', { args: value, principal: principal() }));
      expect(['allow', 'deny']).toContain(kind);
    }),
    { numRuns: 1000 },
  );
});
