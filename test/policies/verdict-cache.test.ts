import { describe, expect, test } from 'vitest';
import { type PreparedPolicies, preparePolicies } from '../../policies/decide.ts';
import { cachedDecide } from '../../policies/verdict-cache.ts';
import { type CallFacts, DEFAULT_ANNOTATIONS } from '../../schema/decision.ts';
import { principal, promptGet, resourceRead, toolCall } from './call-facts.ts';

/** Counts how often the policies are really asked. */
const counted = (expression: string, policies: Partial<PreparedPolicies> = {}) => {
  const prepared = preparePolicies([{ kind: 'policy', type: 'cel', name: 'p', effect: 'allow', expression }]);
  const asked: CallFacts[] = [];
  const decide = cachedDecide({
    ...prepared,
    ...policies,
    decide(facts) {
      asked.push(facts);
      return prepared.decide(facts);
    },
  });
  return { decide, asked };
};

const alice = principal();
const call = (name: string, fields: Partial<CallFacts> = {}) =>
  toolCall(name, { principal: alice, ...fields });

test('a decision is made once per principal and target', () => {
  const { decide, asked } = counted("'engineering' in principal.roles && tool.name == 'x'");
  for (let count = 0; count < 3; count++) {
    expect(decide(call('x', { args: { count } })).kind).toBe('allow');
    expect(decide(call('y', { args: { count } })).kind).toBe('deny');
  }
  expect(asked.length).toBe(2);
  decide(call('x', { principal: principal({ roles: [] }) }));
  expect(asked.length).toBe(3);
});

test('another principal object with the same id is asked for again', () => {
  const { decide } = counted("'engineering' in principal.roles");
  expect(decide(call('x')).kind).toBe('allow');
  expect(decide(call('x', { principal: principal({ roles: [] }) })).kind).toBe('deny');
  expect(decide(call('x')).kind).toBe('allow');
});

describe('targets are told apart', () => {
  test.each([
    [call('x'), promptGet('x', { principal: alice })],
    [call('x'), { ...call('x'), call: { method: 'completion/complete', name: 'x', id: '7' } }],
    [promptGet('x', { principal: alice }), resourceRead('x', { principal: alice })],
    [
      { ...call('b\nc'), call: { method: 'tools/call', name: 'a', id: '1' } },
      { ...call('c'), call: { method: 'tools/call', name: 'a\nb', id: '1' } },
    ],
  ])('pair %#', (one, other) => {
    const { decide, asked } = counted('true');
    decide(one);
    decide(other);
    decide(one);
    decide(other);
    expect(asked.length).toBe(2);
  });
});

test('what is asked again and again is told from what differs in any one thing', () => {
  const { decide, asked } = counted(
    "tool.name == 'x' && upstream.name == 'github' && call.method == 'tools/call' && call.name == 'x'",
  );
  const tool = { name: 'x', upstream: 'github', annotations: DEFAULT_ANNOTATIONS };
  const upstream = { name: 'github' };
  const usual = call('x', { tool, upstream });
  const others: readonly CallFacts[] = [
    { ...usual, upstream: { name: 'gitlab' } },
    { ...usual, call: { ...usual.call, method: 'completion/complete' } },
    { ...usual, call: { ...usual.call, name: 'y' } },
    { ...usual, tool: { ...tool, name: 'y' } },
  ];
  for (const other of others) {
    for (let times = 0; times < 3; times += 1) expect(decide({ ...usual }).kind).toBe('allow');
    for (let times = 0; times < 3; times += 1) expect(decide({ ...other }).kind).toBe('deny');
  }
  for (const other of [promptGet('x', { principal: alice }), resourceRead('x', { principal: alice })]) {
    expect(decide(usual).kind).toBe('allow');
    expect(decide({ ...other, tool, upstream }).kind).not.toBe('allow');
  }
  expect(asked.length).toBeLessThan(12);
});

test('what is newly known of a target is noticed', () => {
  const { decide } = counted("tool.annotations.readOnlyHint && upstream.name == 'github'");
  const tool = { name: 'x', upstream: 'github', annotations: DEFAULT_ANNOTATIONS };
  const harmless = { ...tool, annotations: { ...DEFAULT_ANNOTATIONS, readOnlyHint: true } };
  expect(decide(call('x', { tool })).kind).toBe('deny');
  expect(decide(call('x', { tool: harmless })).kind).toBe('allow');
  expect(decide(call('x', { tool: { ...tool } })).kind).toBe('deny');
  expect(decide(call('x', { tool: harmless })).kind).toBe('allow');
  expect(decide(call('x', { tool: harmless, upstream: { name: 'other' } })).kind).toBe('deny');
});

test('errors and undecided calls are asked for again each time', () => {
  const failing = counted('principal.claims.missing == 1');
  failing.decide(call('x'));
  failing.decide(call('x'));
  expect(failing.asked.length).toBe(2);
  const open = counted("tool.name == 'x'");
  const { tool: _, ...noTool } = call('x');
  open.decide(noTool);
  open.decide(noTool);
  expect(open.asked.length).toBe(2);
});

test.each(['args.a == 1', 'now.getHours() < 25', "client.era == 'modern'", "request.path == '/mcp'"])(
  'policies that ask %s are never kept',
  (expression) => {
    const { decide, asked } = counted(expression);
    decide(call('x', { args: { a: 1 } }));
    decide(call('x', { args: { a: 2 } }));
    expect(asked.length).toBe(2);
  },
);

test('a principal that calls ever new targets takes bounded memory, and is still decided right', () => {
  const { decide, asked } = counted("resource.uri.startsWith('file:///a')");
  for (let count = 0; count < 5000; count++) {
    expect(decide(resourceRead(`file:///a${count}`, { principal: alice })).kind).toBe('allow');
  }
  decide(resourceRead('file:///a4999', { principal: alice }));
  expect(asked.length).toBe(5000);
  decide(resourceRead('file:///a0', { principal: alice }));
  expect(asked.length).toBe(5001);
});
