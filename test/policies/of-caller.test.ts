import fc from 'fast-check';
import { expect, it } from 'vitest';
import { preparePolicies } from '../../policies/decide.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { PolicyNode } from '../../schema/graph/policy.ts';
import { ANONYMOUS } from '../../schema/principal.ts';

const CONDITIONS = [
  "'dev' in principal.roles",
  "principal.claims.team == 'a'",
  "has(principal.claims.team) && principal.claims['level'] > 1",
  "principal.scopes.exists(scope, scope == 'read')",
  'principal.assurance >= 1',
  "principal.id == '1' || principal.tenant == 't'",
  "client.era == 'modern'",
  "'x-team' in request.headers && request.headers['x-team'] == 'a'",
  "request.listener == 'main'",
  'true',
];

const policy = fc.record({
  effect: fc.constantFrom<'allow' | 'deny'>('allow', 'deny'),
  expression: fc.constantFrom(...CONDITIONS),
});

const caller = fc.record({
  principal: fc.record({
    id: fc.constantFrom('1', '2'),
    roles: fc.subarray(['dev', 'ops']),
    tenant: fc.constantFrom('', 't'),
    assurance: fc.constantFrom(0, 1),
    scopes: fc.subarray(['read']),
    claims: fc.record(
      {
        team: fc.constantFrom<unknown>('a', 'b', 7, null),
        level: fc.constantFrom<unknown>(1, 2),
        sub: fc.string(),
      },
      { requiredKeys: ['sub'] },
    ),
  }),
  era: fc.constantFrom<'modern' | 'legacy'>('modern', 'legacy'),
  team: fc.constantFrom(undefined, 'a', 'b'),
});
type Caller = typeof caller extends fc.Arbitrary<infer T> ? T : never;

const factsOf = ({ principal, era, team }: Caller): CallFacts => ({
  principal: { ...ANONYMOUS, ...principal },
  client: { address: '127.0.0.1', userAgent: '', name: '', version: '', era },
  server: { name: 'main' },
  call: { method: 'tools/call', name: 'tool', id: '' },
  request: { headers: team === undefined ? {} : { 'x-team': team }, listener: 'main', path: '/mcp' },
  nowMs: 0,
});

it('callers of whom policies read the same are answered alike', () => {
  const policies = fc.array(policy, { minLength: 1, maxLength: 3 });
  let alike = 0;
  fc.assert(
    fc.property(policies, fc.array(caller, { minLength: 2, maxLength: 12 }), (written, callers) => {
      const nodes = written.map(
        (each, at): PolicyNode => ({ kind: 'policy', type: 'cel', name: `p${at}`, ...each }),
      );
      const { decide, ofCaller } = preparePolicies(nodes);
      const answers = new Map<string, unknown>();
      for (const facts of callers.map(factsOf)) {
        const read = ofCaller(facts);
        const answer = decide(facts);
        if (answers.has(read)) alike += 1;
        expect(answers.get(read) ?? answer).toEqual(answer);
        answers.set(read, answer);
      }
    }),
    { numRuns: 300 },
  );
  // Nothing that is not read, such as whose token it is, makes a difference.
  expect(alike).toBeGreaterThan(300);
});
