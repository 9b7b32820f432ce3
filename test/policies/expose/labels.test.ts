import { describe, expect, test } from 'vitest';
import { preparePolicies } from '../../../policies/decide.ts';
import { prepareLabels } from '../../../policies/expose/labels.ts';
import { cachedDecide } from '../../../policies/verdict-cache.ts';
import { DEFAULT_ANNOTATIONS, type Labels } from '../../../schema/decision.ts';
import { principal, promptGet, resourceRead, toolCall } from '../call-facts.ts';
import { cel } from '../random-policies.ts';

describe('the labels of a tool', () => {
  test('are those of its upstream where it has none of its own', () => {
    const labels = prepareLabels({ labels: { dept: 'it' } });
    expect(labels.ofTool('read_file')).toBe(labels.upstream);
    expect(prepareLabels({}).ofTool('read_file')).toEqual({});
  });

  test('are laid over those of its upstream, the later over the earlier', () => {
    const labels = prepareLabels({
      labels: { dept: 'it', stage: 'live' },
      toolLabels: [
        { tools: 'invoice_*', labels: { dept: 'finance' } },
        { tools: 'invoice_approve', labels: { dept: 'audit', level: '2' } },
      ],
    });
    expect(labels.ofTool('invoice_list')).toEqual({ dept: 'finance', stage: 'live' });
    expect(labels.ofTool('invoice_approve')).toEqual({ dept: 'audit', stage: 'live', level: '2' });
    expect(labels.ofTool('ping')).toEqual({ dept: 'it', stage: 'live' });
    expect(labels.upstream).toEqual({ dept: 'it', stage: 'live' });
  });
});

const tool = (labels?: Labels) => ({
  name: 'x',
  upstream: 'github',
  annotations: DEFAULT_ANNOTATIONS,
  ...(labels === undefined ? {} : { labels }),
});

describe('a rule over labels', () => {
  const { decide } = preparePolicies([cel('dept', 'allow', 'principal.claims.dept == tool.labels.dept')]);
  const finance = principal({ claims: { dept: 'finance' } });

  test('passes where they agree, and denies where they differ', () => {
    const of = (dept: string) =>
      decide(toolCall('x', { principal: finance, tool: tool({ dept }), args: {} }));
    expect(of('finance')).toEqual({ kind: 'allow' });
    expect(of('it')).toEqual({ kind: 'deny', policy: 'dept', certain: true, reason: 'denied' });
  });

  test('denies where either has none', () => {
    const denied = { kind: 'deny', policy: 'dept', reason: 'error' };
    expect(decide(toolCall('x', { principal: finance, tool: tool(), args: {} }))).toMatchObject(denied);
    expect(decide(toolCall('x', { tool: tool({ dept: 'finance' }), args: {} }))).toMatchObject(denied);
  });

  test('takes no member of every object for a label', () => {
    const rule = preparePolicies([
      cel('p', 'allow', "has(tool.labels.constructor) || 'toString' in tool.labels"),
    ]);
    expect(rule.decide(toolCall('x', { tool: tool({ a: 'b' }), args: {} }))).toMatchObject({ kind: 'deny' });
  });

  test('may ask for those of server and upstream, of resources and prompts too', () => {
    const rule = preparePolicies([
      cel('p', 'allow', "server.labels.stage == 'live' && upstream.labels['dept'] == 'it'"),
    ]);
    const fields = {
      server: { name: 'engineering', labels: { stage: 'live' } },
      upstream: { name: 'files', labels: { dept: 'it' } },
    };
    for (const facts of [toolCall('x', fields), resourceRead('file:///a', fields), promptGet('p', fields)])
      expect(rule.decide(facts)).toEqual({ kind: 'allow' });
  });
});

test('a decision that is kept is made again for a tool of other labels', () => {
  const alice = principal({ claims: { dept: 'finance' } });
  const decide = cachedDecide(
    preparePolicies([cel('dept', 'allow', 'principal.claims.dept == tool.labels.dept')]),
  );
  const call = (dept: string) =>
    decide(toolCall('x', { principal: alice, tool: tool({ dept }), args: {} })).kind;
  expect([call('finance'), call('it'), call('finance'), call('it')]).toEqual([
    'allow',
    'deny',
    'allow',
    'deny',
  ]);
});

describe('a department, its tools and the hours of its office', () => {
  const policies = preparePolicies([
    cel(
      'office-hours',
      'allow',
      "principal.claims.dept == tool.labels.dept && now.getHours('UTC') >= 9 && now.getHours('UTC') < 17",
    ),
  ]);
  const at = (hour: number, dept = 'finance') =>
    toolCall('x', {
      principal: principal({ claims: { dept } }),
      tool: tool({ dept: 'finance' }),
      nowMs: Date.UTC(2026, 10, 20, hour),
      args: {},
    });

  test('[AUTHZ-02/decision] are allowed at 10:00, denied at 20:00 by the name of the rule', () => {
    expect(policies.decide(at(10))).toEqual({ kind: 'allow' });
    const denied = { kind: 'deny', policy: 'office-hours', certain: true, reason: 'denied' };
    expect(policies.decide(at(20))).toEqual(denied);
    expect(policies.decide(at(10, 'it'))).toEqual(denied);
  });

  test('[AUTHZ-02/decision] hold from the first minute of the first hour to the last of the last', () => {
    const allowed = Array.from({ length: 24 }, (_, hour) => hour).filter(
      (hour) => policies.decide(at(hour)).kind === 'allow',
    );
    expect(allowed).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
  });
});
