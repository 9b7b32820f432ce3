import { describe, expect, test } from 'vitest';
import {
  API_KEY_ID,
  API_KEY_PREFIX,
  ApiKeyIdentity,
  hashApiKeySecret,
  makeApiKey,
} from '../../../runtime/identity/api-key.ts';
import type { ApiKeyEntry } from '../../../schema/graph/identity.ts';
import { NOW_MS, RESOURCE } from './identity-fixtures.ts';

const FINANCE = { server: 'finance', url: 'https://gw.example/finance' };

const entryOf = (id: string, fields: Partial<ApiKeyEntry> = {}) => {
  const { key, hash } = makeApiKey(id);
  const entry: ApiKeyEntry = { id, hash, servers: ['engineering'], roles: ['ci'], tenant: 'acme', ...fields };
  return { key, entry };
};

const open = (...keys: ApiKeyEntry[]) =>
  new ApiKeyIdentity({ kind: 'identity', type: 'api-key', name: 'robots', keys });

describe('an API key', () => {
  test('is its id and a secret of 256 bits, of which the hash alone is kept', () => {
    const { key, hash } = makeApiKey('buildbot');
    const secret = key.slice('gw_buildbot_'.length);
    expect(key.startsWith(`${API_KEY_PREFIX}buildbot_`)).toBe(true);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(hash).toBe(hashApiKeySecret(secret));
    expect(makeApiKey('buildbot').key).not.toBe(key);
  });

  test('opens the servers that it is for, and is told apart as forbidden at others', () => {
    const { key, entry } = entryOf('bot');
    const identity = open(entry);
    expect(identity.verify(key, RESOURCE, NOW_MS)).toEqual({
      id: 'bot',
      key: 'robots:bot',
      kind: 'api-key',
      identity: 'robots',
      roles: ['ci'],
      tenant: 'acme',
      assurance: 1,
      claims: {},
      scopes: [],
    });
    expect(identity.verify(key, FINANCE, NOW_MS)).toEqual({ kind: 'forbidden' });
  });

  test('is one principal, the same object each time, frozen', () => {
    const { key, entry } = entryOf('bot');
    const identity = open(entry);
    const principal = identity.verify(key, RESOURCE, NOW_MS);
    expect(identity.verify(key, RESOURCE, NOW_MS)).toBe(principal);
    expect(Object.isFrozen(principal)).toBe(true);
  });

  test('ends at notAfter', () => {
    const { key, entry } = entryOf('bot', { notAfterMs: NOW_MS });
    const identity = open(entry);
    expect(identity.verify(key, RESOURCE, NOW_MS - 1)).toMatchObject({ id: 'bot', expiresAtMs: NOW_MS });
    expect(identity.verify(key, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'api_key' });
    expect(identity.verify(key, FINANCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'api_key' });
  });

  test('and its successor are both good while they overlap', () => {
    const old = entryOf('bot', { notAfterMs: NOW_MS + 1_000 });
    const next = entryOf('bot2');
    const identity = open(old.entry, next.entry);
    for (const { key } of [old, next]) {
      expect(identity.verify(key, RESOURCE, NOW_MS)).toMatchObject({ roles: ['ci'] });
    }
    expect(identity.verify(old.key, RESOURCE, NOW_MS + 1_000)).toMatchObject({ kind: 'invalid' });
    expect(identity.verify(next.key, RESOURCE, NOW_MS + 1_000)).toMatchObject({ id: 'bot2' });
  });

  test('with one character changed, added or missing is refused', () => {
    const { key, entry } = entryOf('bot');
    const identity = open(entry);
    const last = key.endsWith('A') ? 'B' : 'A';
    const other = makeApiKey('bot').key;
    for (const text of [`${key.slice(0, -1)}${last}`, `${key}A`, key.slice(0, -1), other, `${key} `]) {
      expect(identity.verify(text, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'api_key' });
    }
  });

  test('is not opened by its hash, an empty secret, or the names of object members', () => {
    const { key, entry } = entryOf('bot');
    const identity = open(entry);
    const secret = key.slice('gw_bot_'.length);
    const attempts = [`gw_bot_${entry.hash}`, 'gw_bot_', `gw_nobody_${secret}`, `gw__${secret}`];
    for (const text of [...attempts, `gw_constructor_${secret}`, `gw___proto___${secret}`]) {
      expect(identity.verify(text, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'api_key' });
    }
    for (const text of ['', 'gw_', 'gw_bot', `GW_bot_${secret}`, secret, `gw_bot_${'x'.repeat(300)}`]) {
      expect(identity.verify(text, RESOURCE, NOW_MS)).toEqual({ kind: 'invalid', reason: 'malformed' });
    }
  });

  test('has an id without the character that ends it', () => {
    expect(API_KEY_ID.test('buildBot2')).toBe(true);
    for (const id of ['', 'a_b', 'a-b', 'a b', 'é', 'a'.repeat(65)]) expect(API_KEY_ID.test(id)).toBe(false);
  });

  test('whose hash is not a SHA-256 is never served', () => {
    const { entry } = entryOf('bot');
    for (const hash of ['', 'abcd', entry.hash.slice(2), `${entry.hash}00`, 'z'.repeat(64)]) {
      expect(() => open({ ...entry, hash })).toThrow('SHA-256');
    }
  });
});

test('an id that nobody has costs about as much as a wrong secret', () => {
  const { key, entry } = entryOf('bot');
  const identity = open(entry);
  const wrong = `${key.slice(0, -4)}AAAA`;
  const nobody = wrong.replace('gw_bot_', 'gw_nob_');
  const costOf = (text: string): bigint => {
    const startNs = process.hrtime.bigint();
    for (let count = 0; count < 2_000; count++) identity.verify(text, RESOURCE, NOW_MS);
    return process.hrtime.bigint() - startNs;
  };
  const rounds = Array.from({ length: 15 }, () => [costOf(wrong), costOf(nobody)] as const);
  const fastest = (index: 0 | 1) => Math.min(...rounds.map((round) => Number(round[index])));
  const ratio = fastest(0) / fastest(1);
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.7);
});
