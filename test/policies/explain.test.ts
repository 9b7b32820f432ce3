import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { preparePolicies } from '../../policies/decide.ts';
import type { PolicyNode, RbacPolicyNode } from '../../schema/graph/policy.ts';
import { principal, resourceRead, toolCall } from './call-facts.ts';
import { args, cel, policyNodes } from './random-policies.ts';

const explain = (
  nodes: readonly PolicyNode[],
  facts: Parameters<ReturnType<typeof preparePolicies>['explain']>[0],
) => preparePolicies(nodes).explain(facts);

/** The values of a cel policy's parts, by their text. */
const valuesOf = (expression: string, facts = toolCall('x', { args: {} })) => {
  const [policy] = explain([cel('p', 'allow', expression)], facts).policies;
  if (policy?.type !== 'cel') throw new Error('not explained');
  return Object.fromEntries(
    policy.condition.parts.map(({ text, result }) => [
      text,
      result.kind === 'value' ? result.value : `(${result.kind})`,
    ]),
  );
};

test('an explained decision is the decision, whatever the policies and the facts', () => {
  const facts = fc.oneof(
    args.map((value) => toolCall('x', { args: value })),
    fc.constant(toolCall('x')),
    fc.constant(resourceRead('x', { args: {} })),
    fc.constant(toolCall('y', { args: {}, principal: principal({ roles: [] }) })),
  );
  fc.assert(
    fc.property(policyNodes, facts, (nodes, known) => {
      const policies = preparePolicies(nodes);
      const decision = policies.decide(known);
      const explained = policies.explain(known);
      expect(explained.decision).toEqual(decision);
      expect([...explained.policies.map(({ name }) => name), ...explained.notAsked]).toEqual(
        nodes.map(({ name }) => name),
      );
      const last = explained.policies.at(-1)!;
      if (decision.kind === 'deny') {
        expect(last.name).toBe(decision.policy);
        expect(last.verdict).toBe(decision.reason === 'error' ? 'error' : 'deny');
      } else if (decision.kind === 'undecided') {
        expect(explained.policies.find(({ verdict }) => verdict === 'undecided')?.name).toBe(decision.policy);
      } else expect(explained.policies.every(({ verdict }) => verdict === 'pass')).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('what is told of a policy fits what it said', () => {
  fc.assert(
    fc.property(policyNodes, args, (nodes, value) => {
      for (const policy of explain(nodes, toolCall('x', { args: value })).policies) {
        if (policy.type === 'rbac') {
          expect(policy.bindings.some(({ decides }) => decides)).toBe(policy.verdict === 'pass');
          continue;
        }
        const { truth } = policy.condition;
        const passes = typeof truth === 'boolean' ? truth === (policy.effect === 'allow') : truth;
        expect(policy.verdict).toBe(passes === true ? 'pass' : passes === false ? 'deny' : passes);
      }
    }),
    { numRuns: 300 },
  );
});

describe('a condition is explained by the values of its parts', () => {
  test('attributes and comparisons, in the order in which they are written', () => {
    const values = valuesOf("principal.tenant == 'globex' && tool.name in ['x', 'y']");
    expect(Object.entries(values)).toEqual([
      ['principal.tenant == "globex"', false],
      ['principal.tenant', 'acme'],
      ['tool.name in ["x", "y"]', true],
      ['tool.name', 'x'],
    ]);
  });

  test('an attribute alone by its own value, which is that of the whole', () => {
    expect(valuesOf('tool.annotations.readOnlyHint')).toEqual({});
    expect(valuesOf('has(tool.annotations)')).toEqual({});
    expect(valuesOf('!tool.annotations.readOnlyHint')).toEqual({ 'tool.annotations.readOnlyHint': false });
  });

  test('members that are missing, and what is not known yet', () => {
    expect(valuesOf("principal.claims.missing == 'a' || has(principal.claims.sub)")).toEqual({
      'principal.claims.missing == "a"': '(missing)',
      'principal.claims.missing': '(missing)',
      'has(principal.claims.sub)': true,
    });
    expect(valuesOf("'a' in args.labels", toolCall('x'))).toEqual({ 'args.labels': '(unknown)' });
    expect(valuesOf("resource.uri == 'x'")).toEqual({ 'resource.uri': '(missing)' });
  });

  test('loops as a whole, with what they read from outside', () => {
    const facts = toolCall('x', { args: { wanted: 'on-call', list: [1, 2] } });
    expect(
      valuesOf('principal.roles.exists(r, r == args.wanted) && args.list.map(i, i * 2) == [2]', facts),
    ).toEqual({
      'principal.roles.exists(r, r == args.wanted)': true,
      'principal.roles': ['engineering', 'on-call'],
      'args.wanted': 'on-call',
      'args.list.map(i, i * 2) == [2]': false,
      'args.list.map(i, i * 2)': [2, 4],
      'args.list': [1, 2],
    });
  });

  test('points in time, spans of time, numbers, maps and bytes', () => {
    expect(
      valuesOf(
        "now > timestamp('2026-01-01T00:00:00Z') && duration('90s') > duration('1m') && principal.claims == {} && bytes('a') == b'b' && principal.claims.ratio > 0.1",
      ),
    ).toMatchObject({
      now: '2026-11-20T09:30:15.250Z',
      'timestamp("2026-01-01T00:00:00Z")': '2026-01-01T00:00:00.000Z',
      'duration("90s")': '90s',
      'principal.claims': { sub: 'alice', org: { id: 'acme' }, level: 3 },
      'bytes("a")': 'YQ==',
      'principal.claims.ratio': 0.5,
    });
  });

  test('an error with its reason', () => {
    const [policy] = explain(
      [cel('p', 'deny', 'args.n / 0 == 1')],
      toolCall('x', { args: { n: 1 } }),
    ).policies;
    expect(policy).toMatchObject({
      verdict: 'error',
      condition: { truth: 'error', result: { kind: 'error', problem: expect.stringMatching(/zero/) } },
    });
  });

  test('but never a header that holds a secret, nor text without end', () => {
    const facts = toolCall('x', {
      args: { text: 'a'.repeat(10_000) },
      request: {
        headers: { 'x-api-key': 'hunter2', 'x-team': 'core' },
        listener: 'edge',
        path: '/mcp',
      },
    });
    const values = valuesOf(
      "request.headers['x-api-key'] == 'a' || size(request.headers) > 1 || request.headers['x-team'] == args.text",
      facts,
    );
    expect(JSON.stringify(values)).not.toContain('hunter2');
    expect(values['request.headers["x-team"]']).toBe('core');
    expect(String(values['args.text'])).toHaveLength(501);
  });
});

describe('a policy of roles is explained by its bindings', () => {
  const node: RbacPolicyNode = {
    kind: 'policy',
    type: 'rbac',
    name: 'team',
    roles: {
      reader: [{ method: 'tools/call', names: ['get_*'] }],
      writer: [
        { method: 'tools/call', names: ['put_*'] },
        { method: 'tools/call', names: ['get_*'] },
      ],
    },
    bindings: [
      { roles: ['writer'], when: "principal.tenant == 'globex'" },
      { roles: ['reader'], when: "'engineering' in principal.roles" },
      { roles: ['reader', 'writer'], when: 'true' },
    ],
  };

  test('which role and permission cover the call, and whose condition holds', () => {
    const { policies } = explain([node], toolCall('get_issue', { args: {} }));
    expect(policies).toMatchObject([
      {
        verdict: 'pass',
        bindings: [
          {
            index: 0,
            permits: { role: 'writer', permission: { names: ['get_*'] } },
            condition: { truth: false, parts: [{ text: 'principal.tenant', result: { value: 'acme' } }] },
            decides: false,
          },
          { index: 1, permits: { role: 'reader' }, condition: { truth: true }, decides: true },
        ],
      },
    ]);
  });

  test('and bindings of roles that do not cover it, whose conditions are not looked at', () => {
    const { decision, policies } = explain([node], toolCall('delete_issue', { args: {} }));
    expect(decision).toMatchObject({ kind: 'deny', policy: 'team', certain: true });
    expect(policies[0]).toMatchObject({ bindings: [{ index: 0 }, { index: 1 }, { index: 2 }] });
    for (const binding of policies[0]?.type === 'rbac' ? policies[0].bindings : [])
      expect(binding).not.toHaveProperty('condition');
  });
});

test('policies after the one that denies are named as not asked', () => {
  const nodes = [cel('one', 'allow', 'true'), cel('two', 'allow', 'false'), cel('three', 'allow', 'true')];
  const { policies, notAsked } = explain(nodes, toolCall('x'));
  expect(policies.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(notAsked).toEqual(['three']);
});

test('a policy that hides a tool whatever its arguments is explained without them', () => {
  const nodes = [cel('mixed', 'deny', "tool.name == 'x' || args.a == 1")];
  const { policies } = explain(nodes, toolCall('x', { args: { a: 1 } }));
  expect(policies[0]).toMatchObject({
    condition: {
      truth: true,
      parts: expect.arrayContaining([{ text: 'args.a', result: { kind: 'unknown' } }]),
    },
  });
});
