/** Policies of every shape, for properties. */
import fc from 'fast-check';
import type { CelPolicyNode, PolicyNode } from '../../schema/graph/policy.ts';

export const cel = (
  name: string,
  effect: 'allow' | 'deny',
  expression: string,
  because?: string,
): CelPolicyNode => ({
  kind: 'policy',
  type: 'cel',
  name,
  effect,
  expression,
  ...(because === undefined ? {} : { because }),
});

/** Conditions of every shape over a few arguments and attributes; some hold, some fail, some cannot be evaluated. */
const conditions = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'true',
      'false',
      'args.a',
      'args.b == 1',
      "args.c == 'x'",
      'has(args.a)',
      'has(args.d.e)',
      "'x' in args.list",
      'args.list.size() > 1',
      "tool.name == 'x'",
      "'engineering' in principal.roles",
      'principal.claims.level > 2',
      'principal.claims.missing == 1',
      '1 / 0 == 1',
      "resource.uri == 'x'",
      'args.b > 1',
      "args.c + 'y' == 'xy'",
      'size(args) == 0',
    ),
    tie('condition').map((inner) => `!(${inner})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) || (${b})`),
    fc
      .tuple(tie('condition'), tie('condition'), tie('condition'))
      .map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) == (${b})`),
    tie('condition').map((inner) => `principal.roles.exists(role, role == 'engineering' && (${inner}))`),
    tie('condition').map((inner) => `principal.roles.all(role, role == 'nobody' || (${inner}))`),
    tie('condition').map((inner) => `principal.roles.filter(role, (${inner})).size() > 0`),
    tie('condition').map((inner) => `principal.roles.exists_one(role, (${inner}))`),
    tie('condition').map((inner) => `args.list.exists(item, item == 'x' || (${inner}))`),
  ),
})).condition;

/** One to four policies of such conditions. */
export const policyNodes = fc
  .array(
    fc.oneof(
      fc.record({ effect: fc.constantFrom('allow' as const, 'deny' as const), expression: conditions }),
      fc.record({ when: conditions, other: conditions }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((policies) =>
    policies.map((policy, index): PolicyNode => {
      const name = `p${index}`;
      if ('effect' in policy) return cel(name, policy.effect, policy.expression);
      return {
        kind: 'policy',
        type: 'rbac',
        name,
        roles: { all: [{ method: 'tools/call', names: ['*'] }], none: [] },
        bindings: [
          { roles: ['all'], when: policy.when },
          { roles: ['none', 'all'], when: policy.other },
        ],
      };
    }),
  );

/** Arguments that such conditions read. */
export const args = fc.record(
  {
    a: fc.constantFrom<unknown>(true, false, 1),
    b: fc.constantFrom<unknown>(1, 2, 1.5, 'x', null),
    c: fc.constantFrom<unknown>('x', 'z', 1),
    d: fc.constantFrom<unknown>({}, { e: 1 }, 1),
    list: fc.constantFrom<unknown>([], ['x'], ['y', 'x'], 'x'),
  },
  { requiredKeys: [] },
);
