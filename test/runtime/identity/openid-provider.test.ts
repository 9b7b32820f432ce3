import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OpenidProvider, startOpenidProvider } from '../../support/openid-provider.ts';
import { RESOURCE, remoteIdentity } from './identity-fixtures.ts';

let provider: OpenidProvider;
let opened: { close(): Promise<void> }[];

beforeEach(() => {
  opened = [];
});

afterEach(async () => {
  for (const each of opened.toReversed()) await each.close();
});

const open = async (algorithm: string) => {
  provider = await startOpenidProvider(algorithm);
  const { identity } = remoteIdentity(provider.issuer, { type: 'discovery' });
  opened.push(provider, identity);
  return identity;
};

test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])(
  'an access token of a real provider (%s) for the server is accepted by discovery',
  async (algorithm) => {
    const identity = await open(algorithm);
    const token = await provider.accessToken(RESOURCE.url, 'mcp:read');
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: algorithm });
    expect(await identity.verify(token, RESOURCE, Date.now())).toMatchObject({
      id: 'agent',
      key: 'workforce:agent',
      scopes: ['mcp:read'],
    });
  },
);

test('an access token of a real provider for another server is refused', async () => {
  const identity = await open('ES256');
  const token = await provider.accessToken('https://gw.example/finance', 'mcp:read');
  expect(await identity.verify(token, RESOURCE, Date.now())).toEqual({ kind: 'invalid', reason: 'audience' });
});

test('an access token of a real provider is refused five seconds after it expired', async () => {
  const identity = await open('ES256');
  const token = await provider.accessToken(RESOURCE.url, 'mcp:read');
  await identity.verify(token, RESOURCE, Date.now());
  expect(identity.verify(token, RESOURCE, Date.now() + 306_000)).toEqual({
    kind: 'invalid',
    reason: 'expired',
  });
});
