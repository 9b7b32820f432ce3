import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  COOL_DOWN_MS,
  FRESH_MS,
  openIssuerKeys,
  RETRY_MS,
  STALE_MS,
} from '../../../runtime/identity/jwks.ts';
import { makeSigningKey, mint, type SigningKey, TestIssuer } from '../../support/issuer.ts';
import { goodClaims, NOW_MS, RESOURCE, remoteIdentity } from './identity-fixtures.ts';

const HOUR_MS = 3_600_000;
const UNAVAILABLE = { kind: 'unavailable', retryAfterMs: RETRY_MS };

let issuer: TestIssuer;
let key: SigningKey;
let failures: unknown[];
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  issuer = await TestIssuer.start();
  key = await makeSigningKey('ES256', 'first');
  issuer.published = [key.publicJwk];
  failures = [];
  opened = [issuer];
});

afterEach(async () => {
  for (const each of opened.toReversed()) await each.close();
});

const open = (by: 'discovery' | 'remote' = 'discovery') => {
  const keys = by === 'remote' ? { type: by, url: issuer.jwksUrl } : { type: by };
  const { identity } = remoteIdentity(issuer.url, keys, failures);
  opened.push(identity);
  return identity;
};

const longToken = (signer = key, header = {}) =>
  mint(signer, goodClaims(issuer.url), { header, claims: { exp: (NOW_MS + 24 * HOUR_MS) / 1000 } });

describe('keys of an issuer', () => {
  test.each(['discovery', 'remote'] as const)('are found by %s, and fetched once', async (by) => {
    const identity = open(by);
    const tokens = await Promise.all([longToken(), longToken(), longToken()]);
    const outcomes = await Promise.all(tokens.map((token) => identity.verify(token, RESOURCE, NOW_MS)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ id: 'alice' });
    expect(issuer.keyFetches).toBe(1);
    expect(failures).toEqual([]);
  });

  test('are fetched again for an unknown kid, once in a cool-down however many such tokens come', async () => {
    const identity = open();
    await identity.verify(await longToken(), RESOURCE, NOW_MS);
    const foreign = await makeSigningKey('ES256', 'unheard-of');
    const unknown = { kind: 'invalid', reason: 'unknown_key' };
    for (let count = 0; count < 20; count++) {
      const token = await longToken(foreign, { kid: `kid-${count}` });
      expect(await identity.verify(token, RESOURCE, NOW_MS + 1_000)).toEqual(unknown);
    }
    expect(issuer.keyFetches).toBe(1);
    const flood = Array.from({ length: 20 }, (_, count) => longToken(foreign, { kid: `again-${count}` }));
    const later = NOW_MS + COOL_DOWN_MS;
    const outcomes = (await Promise.all(flood)).map((token) => identity.verify(token, RESOURCE, later));
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toEqual(unknown);
    expect(issuer.keyFetches).toBe(2);
  });

  test('that were rotated are picked up when the first token needs the new one', async () => {
    const identity = open();
    await identity.verify(await longToken(), RESOURCE, NOW_MS);
    const next = await makeSigningKey('EdDSA', 'second');
    issuer.published = [key.publicJwk, next.publicJwk];
    expect(await identity.verify(await longToken(next), RESOURCE, NOW_MS + COOL_DOWN_MS)).toMatchObject({
      id: 'alice',
    });
  });

  test('that the issuer took back open nothing any more, not even for tokens that are remembered', async () => {
    const identity = open();
    const token = await longToken();
    await identity.verify(token, RESOURCE, NOW_MS);
    issuer.published = [(await makeSigningKey('ES256', 'second')).publicJwk];
    const later = NOW_MS + FRESH_MS;
    expect(identity.verify(token, RESOURCE, later)).toMatchObject({ id: 'alice' });
    await vi.waitFor(() => expect(issuer.keyFetches).toBe(2), 15_000);
    await vi.waitFor(
      async () =>
        expect(await identity.verify(token, RESOURCE, later + 1)).toEqual({
          kind: 'invalid',
          reason: 'unknown_key',
        }),
      15_000,
    );
  });

  test('that are the same when fetched again keep what is remembered', async () => {
    const identity = open();
    const token = await longToken();
    const principal = await identity.verify(token, RESOURCE, NOW_MS);
    expect(identity.verify(token, RESOURCE, NOW_MS + FRESH_MS)).toBe(principal);
    await vi.waitFor(() => expect(issuer.keyFetches).toBe(2), 15_000);
    const foreign = await longToken(await makeSigningKey('ES256', 'second'));
    await identity.verify(foreign, RESOURCE, NOW_MS + FRESH_MS);
    expect(identity.verify(token, RESOURCE, NOW_MS + FRESH_MS + 1)).toBe(principal);
    expect(issuer.keyFetches).toBe(2);
  });
});

describe('an issuer that fails', () => {
  test.each(['down', 'redirecting', 'endless', 'not-json', 'wrong-issuer'] as const)(
    '(%s) at the first call lets nobody in, and everybody once it is well',
    async (mood) => {
      issuer.mood = mood;
      const identity = open();
      const token = await longToken();
      expect(await identity.verify(token, RESOURCE, NOW_MS)).toEqual(UNAVAILABLE);
      expect(failures).toHaveLength(1);
      const requests = issuer.requests.length;
      expect(await identity.verify(token, RESOURCE, NOW_MS + RETRY_MS - 1)).toEqual(UNAVAILABLE);
      expect(issuer.requests).toHaveLength(requests);
      issuer.mood = 'well';
      expect(await identity.verify(token, RESOURCE, NOW_MS + RETRY_MS)).toMatchObject({ id: 'alice' });
    },
  );

  test('by silence is given up within seconds, and callers are told', async () => {
    issuer.mood = 'silent';
    const startedMs = performance.now();
    expect(await open().verify(await longToken(), RESOURCE, NOW_MS)).toEqual(UNAVAILABLE);
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  test('never has its redirect followed', async () => {
    issuer.mood = 'redirecting';
    await open('remote').verify(await longToken(), RESOURCE, NOW_MS);
    expect(issuer.requests).toEqual(['/jwks']);
  });

  test('later on has its last keys trusted for hours, then no longer', async () => {
    const identity = open();
    const token = await longToken();
    const principal = await identity.verify(token, RESOURCE, NOW_MS);
    issuer.mood = 'down';
    expect(identity.verify(token, RESOURCE, NOW_MS + FRESH_MS)).toBe(principal);
    await vi.waitFor(() => expect(failures).toHaveLength(1), 15_000);
    expect(identity.verify(token, RESOURCE, NOW_MS + STALE_MS - 1)).toBe(principal);
    expect(await identity.verify(token, RESOURCE, NOW_MS + STALE_MS)).toEqual(UNAVAILABLE);
    expect(await identity.verify(token, RESOURCE, NOW_MS + STALE_MS + 1)).toEqual(UNAVAILABLE);
    issuer.mood = 'well';
    const back = NOW_MS + STALE_MS + 1 + RETRY_MS;
    expect(await identity.verify(token, RESOURCE, back)).toMatchObject({ id: 'alice' });
  });

  test('is not blamed on a token with an unknown kid: nothing can be said of it', async () => {
    const identity = open();
    await identity.verify(await longToken(), RESOURCE, NOW_MS);
    issuer.mood = 'down';
    const token = await longToken(await makeSigningKey('ES256', 'second'));
    expect(await identity.verify(token, RESOURCE, NOW_MS + COOL_DOWN_MS)).toEqual(UNAVAILABLE);
  });

  test('by publishing no key at all lets nobody in', async () => {
    issuer.published = [];
    expect(await open().verify(await longToken(), RESOURCE, NOW_MS)).toEqual({
      kind: 'invalid',
      reason: 'unknown_key',
    });
  });

  test.each([
    'http://id.example/jwks',
    'http://127.0.0.1.evil.example/jwks',
    'http://localhost@evil.example/jwks',
    'https://user:pass@id.example/jwks',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
  ])('because its keys are at %s is not asked', async (url) => {
    const keys = openIssuerKeys({ issuer: issuer.url, keys: { type: 'remote', url } }, (error) =>
      failures.push(error),
    );
    opened.push(keys);
    expect(await keys.refresh(NOW_MS)).toBe(false);
    expect(String(failures[0])).toContain('neither https nor http on a loopback address');
  });
});
