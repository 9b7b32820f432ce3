import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepareClaims } from '../../policies/claims.ts';

const mapped = (id: string, roles: string[] = [], tenant = '') => ({ kind: 'mapped', id, roles, tenant });

test.each([
  [{ id: 'claims.sub' }, { sub: 'alice' }, mapped('alice')],
  [
    { id: 'claims.sub', roles: 'claims.groups', tenant: 'claims.org_id' },
    { sub: 'alice', groups: ['a', 'b'], org_id: 'acme' },
    mapped('alice', ['a', 'b'], 'acme'),
  ],
  [{ id: 'claims.sub', roles: 'claims.groups', tenant: 'claims.org_id' }, { sub: 'alice' }, mapped('alice')],
  [{ id: 'claims.sub', roles: 'claims.realm_access.roles' }, { sub: 'a', realm_access: {} }, mapped('a')],
  [{ id: 'claims.sub', roles: 'claims.realm_access.roles' }, { sub: 'a' }, mapped('a')],
  [
    { id: 'claims.sub', roles: 'claims.groups', tenant: 'claims.t' },
    { sub: 'a', groups: null, t: null },
    mapped('a'),
  ],
  [
    { id: 'has(claims.email) ? claims.email : claims.sub', roles: "claims.scope.split(' ')" },
    { sub: 'a', scope: 'x y' },
    mapped('a', ['x', 'y']),
  ],
  [
    {
      id: "claims['https://acme/id']",
      roles: "claims.groups.filter(g, g.startsWith('gw-')).map(g, g.substring(3))",
    },
    { 'https://acme/id': 'a', groups: ['gw-admin', 'other'] },
    mapped('a', ['admin']),
  ],
  [{ id: 'string(claims.uid)' }, { uid: 12 }, mapped('12')],
])('%j over %j', (principal, claims, outcome) => {
  expect(prepareClaims(principal)(claims)).toEqual(outcome);
});

describe('a token is refused', () => {
  test.each([
    ['id: the claims do not yield a text', { id: 'claims.sub' }, {}],
    ['id: the claims do not yield a text', { id: 'claims.sub' }, { sub: '' }],
    ['id: the claims do not yield a text', { id: 'claims.sub' }, { sub: 12 }],
    ['id: the claims do not yield a text', { id: 'claims.sub' }, { sub: null }],
    ['id: the claims do not yield a text', { id: 'claims.sub' }, { sub: ['alice'] }],
    ['id: the claims do not yield a text', { id: 'claims.sub' }, { sub: 'x'.repeat(2000) }],
    [
      'roles: the claims do not yield a list of texts',
      { id: 'claims.sub', roles: 'claims.groups' },
      { sub: 'a', groups: 'admin' },
    ],
    [
      'roles: the claims do not yield a list of texts',
      { id: 'claims.sub', roles: 'claims.groups' },
      { sub: 'a', groups: ['x', 1] },
    ],
    [
      'roles: the claims do not yield a list of texts',
      { id: 'claims.sub', roles: 'claims.groups' },
      { sub: 'a', groups: { admin: true } },
    ],
    [
      'roles: type mismatch',
      { id: 'claims.sub', roles: 'claims.groups.filter(g, true)' },
      { sub: 'a', groups: 5 },
    ],
    ['tenant: the claims do not yield a text', { id: 'claims.sub', tenant: 'claims.t' }, { sub: 'a', t: 5 }],
  ])('%s (%j)', (problem, principal, claims) => {
    const outcome = prepareClaims(principal)(claims);
    expect(outcome).toEqual({ kind: 'error', problem: expect.stringContaining(problem) });
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'when its id is to come from %s, which it does not have',
    (name) => {
      expect(prepareClaims({ id: `claims.${name}` })({})).toMatchObject({ kind: 'error' });
      expect(prepareClaims({ id: `claims.${name}` })(JSON.parse(`{"${name}":"x"}`))).toEqual(mapped('x'));
    },
  );
});

test('no claims whatever make the mapping throw', () => {
  const map = prepareClaims({ id: 'claims.sub', roles: "claims.a.b + ['x']", tenant: 'claims.list[0]' });
  const claims = fc.dictionary(fc.constantFrom('sub', 'a', 'list', '__proto__'), fc.jsonValue());
  fc.assert(
    fc.property(claims, (value) => {
      expect(['mapped', 'error']).toContain(map(value).kind);
    }),
  );
});

test('an expression over another environment is refused when prepared', () => {
  expect(() => prepareClaims({ id: 'principal.id' })).toThrow('cannot prepare');
});
