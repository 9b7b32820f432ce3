import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { RETRY_MS } from '../../../runtime/identity/jwks.ts';
import { openIdentity } from '../../../runtime/identity/open-identity.ts';
import type { IdentityNode } from '../../../schema/graph/identity.ts';
import { makeSigningKey, mint, TestIssuer } from '../../support/issuer.ts';
import { goodClaims, jwtNode, NOW_MS, RESOURCE } from './identity-fixtures.ts';

let issuer: TestIssuer;
let opened: { close(): Promise<void> }[];
let failures: string[];

beforeEach(async () => {
  issuer = await TestIssuer.start();
  opened = [issuer];
  failures = [];
});

afterEach(async () => {
  for (const each of opened.toReversed()) await each.close();
});

const open = (node: IdentityNode) => {
  const events = { onKeysFailure: (name: string) => void failures.push(name) };
  const identity = openIdentity(node, events, NOW_MS);
  opened.push(identity);
  return identity;
};

describe('an identity that is opened', () => {
  test('asks its issuer for keys before the first token comes', async () => {
    const key = await makeSigningKey('ES256', 'k');
    issuer.published = [key.publicJwk];
    const identity = open(jwtNode({ issuer: issuer.url, keys: { type: 'discovery' } }));
    await vi.waitFor(() => expect(issuer.keyFetches).toBe(1), 15_000);
    const token = await mint(key, goodClaims(issuer.url));
    expect(await identity.verify(token, RESOURCE, NOW_MS)).toMatchObject({ id: 'alice' });
    expect(issuer.keyFetches).toBe(1);
    expect(failures).toEqual([]);
  });

  test('opens while its issuer is down, says so, and lets nobody in until it is well', async () => {
    const key = await makeSigningKey('ES256', 'k');
    issuer.published = [key.publicJwk];
    issuer.mood = 'down';
    const identity = open(jwtNode({ issuer: issuer.url, keys: { type: 'discovery' } }));
    await vi.waitFor(() => expect(failures).toEqual(['workforce']), 15_000);
    const token = await mint(key, goodClaims(issuer.url));
    expect(await identity.verify(token, RESOURCE, NOW_MS)).toMatchObject({ kind: 'unavailable' });
    issuer.mood = 'well';
    expect(await identity.verify(token, RESOURCE, NOW_MS + RETRY_MS)).toMatchObject({ id: 'alice' });
  });

  test('that is closed while it fetches ends the fetch and reports nothing', async () => {
    issuer.mood = 'silent';
    const identity = openIdentity(
      jwtNode({ issuer: issuer.url, keys: { type: 'discovery' } }),
      { onKeysFailure: (name) => void failures.push(name) },
      NOW_MS,
    );
    await vi.waitFor(() => expect(issuer.requests).toHaveLength(1), 15_000);
    const token = await mint(await makeSigningKey('ES256', 'k'), goodClaims(issuer.url));
    const waiting = identity.verify(token, RESOURCE, NOW_MS);
    await identity.close();
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
    expect(failures).toEqual([]);
  });

  test('takes roles and tenant from the claims that its node names', async () => {
    const key = await makeSigningKey('ES256', 'k');
    const keys = { type: 'local', jwks: { keys: [key.publicJwk as Record<string, unknown>] } } as const;
    const principal = { id: 'claims.email', roles: 'claims.realm.roles', tenant: 'claims.org' };
    const identity = open(jwtNode({ keys, principal }));
    const claims = { email: 'a@acme.example', realm: { roles: ['dev'] }, org: 'acme' };
    const judge = async (more: Record<string, unknown>) =>
      identity.verify(await mint(key, goodClaims(), { claims: { ...claims, ...more } }), RESOURCE, NOW_MS);
    expect(await judge({})).toMatchObject({ id: 'a@acme.example', roles: ['dev'], tenant: 'acme' });
    expect(await judge({ realm: undefined })).toMatchObject({ roles: [] });
    for (const bad of [{ email: undefined }, { email: 7 }, { realm: { roles: 'admin' } }, { org: [] }]) {
      expect(await judge(bad)).toMatchObject({ kind: 'invalid', reason: 'principal' });
    }
  });

  test('may be one of API keys', () => {
    const { key, hash } = makeApiKey('bot');
    const entry = { id: 'bot', hash, servers: ['engineering'], roles: [], tenant: '' };
    const identity = open({ kind: 'identity', type: 'api-key', name: 'robots', keys: [entry] });
    expect(identity.verify(key, RESOURCE, NOW_MS)).toMatchObject({ key: 'robots:bot' });
  });
});
