import { createHmac, createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { prepareClaims } from '../../../policies/claims.ts';
import { type JwkSet, readJwkSet } from '../../../runtime/identity/jwk-set.ts';
import { JwtIdentity } from '../../../runtime/identity/jwt.ts';
import type { Principal } from '../../../schema/principal.ts';
import { makeSigningKey, mint, type SigningKey, signText, unsignedToken } from '../../support/issuer.ts';
import { goodClaims, jwtNode, localIdentity, NOW_MS, NOW_S, RESOURCE } from './identity-fixtures.ts';

let es: SigningKey;
let rs: SigningKey;
let stranger: SigningKey;

beforeAll(async () => {
  [es, rs, stranger] = await Promise.all([
    makeSigningKey('ES256', 'es'),
    makeSigningKey('RS256', 'rs'),
    makeSigningKey('ES256', 'es'),
  ]);
});

const open = (fields = {}) => localIdentity([es.publicJwk, rs.publicJwk], fields);
const judge = async (token: string, fields = {}) => open(fields).verify(token, RESOURCE, NOW_MS);
const judgeClaims = async (claims: Record<string, unknown>) =>
  judge(await mint(es, goodClaims(), { claims }));
const judgeHeader = async (header: Record<string, unknown>) =>
  judge(await mint(es, goodClaims(), { header }));

describe('a good token', () => {
  test.each(['ES256', 'EdDSA', 'RS256', 'PS256', 'ML-DSA-65'])('is accepted with %s', async (alg) => {
    const key = await makeSigningKey(alg, 'k');
    const identity = localIdentity([key.publicJwk]);
    const token = await mint(key, goodClaims());
    expect(await identity.verify(token, RESOURCE, NOW_MS)).toMatchObject({ id: 'alice' });
  });

  test('gives a frozen principal with id, roles, scopes and the end of its validity', async () => {
    const principal = await judgeClaims({ groups: ['dev'], scope: 'mcp:read  mcp:write' });
    expect(principal).toMatchObject({
      id: 'alice',
      key: 'workforce:alice',
      kind: 'user',
      identity: 'workforce',
      roles: ['dev'],
      scopes: ['mcp:read', 'mcp:write'],
      assurance: 1,
      expiresAtMs: (NOW_S + 300) * 1000 + 5_000,
    });
    expect(Object.isFrozen(principal)).toBe(true);
    const { groups } = (principal as Principal).claims as { groups: string[] };
    expect(() => groups.push('admin')).toThrow(TypeError);
  });

  test('may name its scopes in scp, as a list or as a string', async () => {
    expect(await judgeClaims({ scp: ['a', 7, 'b'] })).toMatchObject({ scopes: ['a', 'b'] });
    expect(await judgeClaims({ scp: 'a b' })).toMatchObject({ scopes: ['a', 'b'] });
  });

  test.each([undefined, 'JWT', 'at+JWT', 'application/at+jwt'])('may have the type %s', async (typ) => {
    expect(await judgeHeader({ typ })).toMatchObject({ id: 'alice' });
  });

  test('needs no kid if one of the keys fits', async () => {
    expect(await judgeHeader({ kid: undefined })).toMatchObject({ id: 'alice' });
  });

  test('may be meant for several audiences', async () => {
    const token = await mint(es, goodClaims(), { claims: { aud: ['https://other.example', 'mcp'] } });
    expect(await judge(token, { audience: ['x', 'mcp'] })).toMatchObject({ id: 'alice' });
  });

  test('is checked once for all who present it at one time, and never again while it is remembered', async () => {
    let checks = 0;
    const set = readJwkSet({ keys: [es.publicJwk] }) as JwkSet;
    const counting: JwkSet = {
      size: 1,
      verify: (token, algorithms) => {
        checks += 1;
        return set.verify(token, algorithms);
      },
    };
    const keys = { current: () => counting, refresh: async () => true, close: async () => {} };
    const identity = new JwtIdentity(jwtNode({}), keys, prepareClaims({ id: 'claims.sub' }));
    const token = await mint(es, goodClaims());
    const [first, second] = await Promise.all([1, 2].map(() => identity.verify(token, RESOURCE, NOW_MS)));
    expect(first).toBe(second);
    expect(identity.verify(token, RESOURCE, NOW_MS)).toBe(first);
    expect(checks).toBe(1);
  });
});

describe('a token whose claims are wrong is refused', () => {
  const aud = RESOURCE.url;
  test.each([
    ['expired', { exp: NOW_S - 5 }, 'expired'],
    ['not valid yet', { nbf: NOW_S + 6 }, 'not_yet_valid'],
    ['issued in the future', { iat: NOW_S + 6 }, 'not_yet_valid'],
    ['without expiry', { exp: undefined }, 'no_expiry'],
    ['with an expiry that is text', { exp: String(NOW_S + 300) }, 'malformed'],
    ['with an infinite expiry', { exp: 1e300 }, 'malformed'],
    ['with a negative nbf', { nbf: -1 }, 'malformed'],
    ['of another issuer', { iss: 'https://evil.example' }, 'issuer'],
    ['of the issuer with a slash more', { iss: 'https://id.example/' }, 'issuer'],
    ['with a list of issuers', { iss: ['https://id.example'] }, 'issuer'],
    ['without issuer', { iss: undefined }, 'issuer'],
    ['for another audience', { aud: 'https://gw.example/finance' }, 'audience'],
    ['for the audience with a slash more', { aud: `${aud}/` }, 'audience'],
    ['for the audience in capitals', { aud: aud.toUpperCase() }, 'audience'],
    ['for a prefix of the audience', { aud: 'https://gw.example' }, 'audience'],
    ['without audience', { aud: undefined }, 'audience'],
    ['with an audience among things that are no text', { aud: [aud, 1] }, 'audience'],
    ['with an audience in an object', { aud: { [aud]: aud } }, 'audience'],
    ['without subject', { sub: undefined }, 'principal'],
    ['with an empty subject', { sub: '' }, 'principal'],
  ])('%s', async (_, claims, reason) => {
    expect(await judgeClaims(claims)).toMatchObject({ kind: 'invalid', reason });
  });

  test('within the tolerance it is accepted', async () => {
    expect(await judgeClaims({ exp: NOW_S - 4 })).toMatchObject({ id: 'alice' });
    expect(await judgeClaims({ nbf: NOW_S + 5, iat: NOW_S + 5 })).toMatchObject({ id: 'alice' });
  });
});

describe('a token whose header is hostile is refused', () => {
  test('unsigned, with alg none in any spelling', async () => {
    expect(await judge(unsignedToken(goodClaims()))).toEqual({ kind: 'invalid', reason: 'malformed' });
    for (const alg of ['none', 'None', 'NONE', '', null, undefined, ['ES256']]) {
      expect(await judgeHeader({ alg })).toEqual({ kind: 'invalid', reason: 'algorithm' });
    }
  });

  test.each(['pem', 'der', 'jwk'] as const)('signed HS256 with the RSA public key as %s', async (form) => {
    const publicKey = createPublicKey({ key: rs.publicJwk as never, format: 'jwk' });
    const secret =
      form === 'jwk'
        ? JSON.stringify(rs.publicJwk)
        : form === 'pem'
          ? publicKey.export({ type: 'spki', format: 'pem' })
          : publicKey.export({ type: 'spki', format: 'der' });
    const input = [{ alg: 'HS256', kid: 'rs' }, goodClaims()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    expect(await judge(token)).toEqual({ kind: 'invalid', reason: 'algorithm' });
    expect(await judge(token, { algorithms: ['HS256', 'RS256'] })).toMatchObject({ kind: 'invalid' });
  });

  test('with the kid of another key', async () => {
    expect(await judgeHeader({ kid: 'rs' })).toMatchObject({ kind: 'invalid' });
    expect(await judge(await mint(stranger, goodClaims()))).toEqual({ kind: 'invalid', reason: 'signature' });
  });

  test('with an algorithm that the key is not for', async () => {
    expect(await judgeHeader({ alg: 'RS256', kid: 'rs' })).toEqual({ kind: 'invalid', reason: 'signature' });
    expect(await judgeHeader({ alg: 'PS256', kid: 'rs' })).toMatchObject({ kind: 'invalid' });
  });

  test('with an algorithm that is not listed, though the key is known', async () => {
    const token = await mint(es, goodClaims());
    expect(await judge(token, { algorithms: ['RS256'] })).toEqual({ kind: 'invalid', reason: 'algorithm' });
  });

  test('with a critical extension, also one that libraries know', async () => {
    for (const crit of [['exp'], ['b64'], [], 'b64']) {
      expect(await judgeHeader({ crit, b64: true })).toEqual({
        kind: 'invalid',
        reason: 'critical_header',
      });
    }
  });

  test('that brings its own key', async () => {
    const own = { jwk: stranger.publicJwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/c' };
    for (const kid of ['es', 'own', undefined]) {
      const token = await mint(stranger, goodClaims(), { header: { ...own, kid, x5c: ['AAAA'] } });
      expect(await judge(token)).toMatchObject({ kind: 'invalid' });
    }
  });

  test.each(['dpop+jwt', 'secevent+jwt', 'JOSE', 7])('of the type %s', async (typ) => {
    expect(await judgeHeader({ typ })).toEqual({ kind: 'invalid', reason: 'type' });
  });
});

describe('a token that is ill formed is refused', () => {
  test('junk, cut short, or padded', async () => {
    const token = await mint(es, goodClaims());
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const junk = ['', '.', '..', 'a.b.c', 'é.é.é', header, `${header}.${payload}`, `${token}.x`, `${token}=`];
    for (const text of [...junk, ` ${token}`, `${token}\n`, `${header}.${payload}.${signature}+`]) {
      expect(await judge(text)).toEqual({ kind: 'invalid', reason: 'malformed' });
    }
    expect(await judge(token.slice(0, -4))).toEqual({ kind: 'invalid', reason: 'signature' });
  });

  test('changed after it was signed', async () => {
    const [header, , signature] = (await mint(es, goodClaims())).split('.') as [string, string, string];
    const payload = Buffer.from(JSON.stringify({ ...goodClaims(), sub: 'root' })).toString('base64url');
    expect(await judge(`${header}.${payload}.${signature}`)).toEqual({
      kind: 'invalid',
      reason: 'signature',
    });
  });

  const header = JSON.stringify({ alg: 'ES256', kid: 'es' });
  const claims = JSON.stringify(goodClaims());
  test.each([
    ['a claim twice', header, claims.replace('{', '{"sub":"root",')],
    ['a claim twice, once in escapes', header, claims.replace('{', '{"\\u0073ub":"root",')],
    ['a member twice further in', header, claims.replace('{', '{"act":[{"sub":"a","sub":"b"}],')],
    ['a header member twice', header.replace('{', '{"alg":"none",'), claims],
    ['__proto__', header, claims.replace('{', '{"__proto__":{"roles":["admin"]},')],
    ['a list for claims', header, `[${claims}]`],
    ['null for claims', header, 'null'],
    ['a byte order mark', header, `\uFEFF${claims}`],
    ['deep nesting', header, claims.replace('{', `{"x":${'['.repeat(4000)}${']'.repeat(4000)},`)],
  ])('with %s', async (_, headerText, payloadText) => {
    const token = await signText(es.privateKey, headerText, payloadText);
    expect(await judge(token)).toEqual({ kind: 'invalid', reason: 'malformed' });
  });

  test('too long, before any work', async () => {
    const token = await mint(es, goodClaims(), { claims: { padding: 'x'.repeat(16_000) } });
    expect(token.length).toBeGreaterThan(16 * 1024);
    expect(open().verify(token, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'too_long' });
  });
});

describe('a remembered token', () => {
  test('is refused as soon as it expires', async () => {
    const identity = open();
    const token = await mint(es, goodClaims());
    await identity.verify(token, RESOURCE, NOW_MS);
    const endMs = goodClaims().exp * 1000 + 5_000;
    expect(identity.verify(token, RESOURCE, endMs - 1)).toMatchObject({ id: 'alice' });
    expect(identity.verify(token, RESOURCE, endMs)).toEqual({ kind: 'invalid', reason: 'expired' });
  });

  test('is refused where the clock is before its time', async () => {
    const identity = open();
    const token = await mint(es, goodClaims());
    await identity.verify(token, RESOURCE, NOW_MS);
    expect(identity.verify(token, RESOURCE, NOW_MS - 16_000)).toEqual({
      kind: 'invalid',
      reason: 'not_yet_valid',
    });
  });

  test('is refused by another server', async () => {
    const identity = open();
    const token = await mint(es, goodClaims());
    await identity.verify(token, RESOURCE, NOW_MS);
    const finance = { server: 'finance', url: 'https://gw.example/finance' };
    expect(identity.verify(token, finance, NOW_MS)).toEqual({ kind: 'invalid', reason: 'audience' });
  });

  test('survives a flood of tokens with bad signatures', async () => {
    const identity = open();
    const token = await mint(es, goodClaims());
    const principal = await identity.verify(token, RESOURCE, NOW_MS);
    for (let count = 0; count < 3_000; count++) {
      const flood = `${token.slice(0, -6)}${String(count).padStart(6, '0')}`;
      await identity.verify(flood, RESOURCE, NOW_MS);
    }
    expect(identity.verify(token, RESOURCE, NOW_MS)).toBe(principal);
  });

  test('is refused for a while without a second check of its signature, then checked again', async () => {
    const identity = open();
    const token = await mint(stranger, goodClaims());
    await identity.verify(token, RESOURCE, NOW_MS);
    expect(identity.verify(token, RESOURCE, NOW_MS + 9_999)).toMatchObject({ reason: 'signature' });
    expect(identity.verify(token, RESOURCE, NOW_MS + 10_000)).toBeInstanceOf(Promise);
  });
});

describe('a key set', () => {
  test('gives no power to private keys, shared secrets and junk in it', async () => {
    const secret = Buffer.from('secret').toString('base64url');
    const privateJwk = { ...es.publicJwk, d: 'AAAA' };
    const identity = localIdentity([privateJwk, { kty: 'oct', k: secret, kid: 'es' }, {}, { kty: 'X' }]);
    expect(await identity.verify(await mint(es, goodClaims()), RESOURCE, NOW_MS)).toEqual({
      kind: 'invalid',
      reason: 'unknown_key',
    });
  });

  test('with keys of one kind and no kid in the token is tried through, up to a bound', async () => {
    const others = await Promise.all([1, 2, 3, 4].map((n) => makeSigningKey('ES256', `k${n}`)));
    const jwks = others.map((key) => key.publicJwk);
    const token = await mint(es, goodClaims(), { header: { kid: undefined } });
    const near = localIdentity([...jwks.slice(1), es.publicJwk]);
    expect(await near.verify(token, RESOURCE, NOW_MS)).toMatchObject({ id: 'alice' });
    const far = localIdentity([...jwks, es.publicJwk]);
    expect(await far.verify(token, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'signature' });
  });

  test('with an RSA key of 1024 bits does not help', async () => {
    const pair = await crypto.subtle.generateKey(
      {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 1024,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: 'SHA-256',
      },
      true,
      ['sign', 'verify'],
    );
    const jwk = {
      ...(await crypto.subtle.exportKey('jwk', pair.publicKey)),
      key_ops: undefined,
      kid: 'weak',
    };
    const weak = { alg: 'RS256', kid: 'weak', privateKey: pair.privateKey, publicJwk: jwk as never };
    const identity = localIdentity([JSON.parse(JSON.stringify(jwk)) as object]);
    expect(await identity.verify(await mint(weak, goodClaims()), RESOURCE, NOW_MS)).toEqual({
      kind: 'invalid',
      reason: 'signature',
    });
  });
});
