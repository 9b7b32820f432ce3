import { createHash, createHmac } from 'node:crypto';
import { exportSPKI } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  makeSigningKey,
  mint,
  type SigningKey,
  TestIssuer,
  type TokenParts,
  unsignedToken,
} from '../support/issuer.ts';
import { callTool, modernRequest } from '../support/modern-client.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const ISSUER = 'https://id.test.example';
let key: SigningKey;
let rsa: SigningKey;
let upstream: FastUpstream;

beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k1');
  rsa = await makeSigningKey('RS256', 'k2');
  upstream = await startToolUpstream('tracker', ['get_issue']);
});
afterAll(() => upstream.close());

describe('bearer tokens', () => {
  let gateway: TestGateway;
  const claims = () => {
    const seconds = Math.floor(Date.now() / 1000);
    return { iss: ISSUER, sub: 'alice', aud: gateway.audience(), iat: seconds, exp: seconds + 300 };
  };
  const token = (parts: TokenParts = {}) => mint(key, claims(), parts);

  beforeAll(async () => {
    gateway = await startTestGateway(
      configuration(
        { tracker: upstream.url },
        {
          identity: {
            workforce: {
              type: 'jwt',
              issuer: ISSUER,
              jwksFile: './jwks.json',
              algorithms: ['ES256', 'RS256'],
            },
          },
          server: { identity: ['workforce'] },
        },
      ),
      { files: { 'jwks.json': JSON.stringify({ keys: [key.publicJwk, rsa.publicJwk] }) } },
    );
  });
  afterAll(() => gateway.close());

  it('[AUTH-01/tokens] admits a token of the issuer for this server', async () => {
    const answer = await callTool(gateway.url(), 'get_issue', {}, { token: await token() });
    expect(answer.status).toBe(200);
    expect(told(answer.body.result)).toMatchObject({ upstream: 'tracker' });
  });

  it('[AUTH-01/tokens] tells a caller without a token where to get one', async () => {
    const answer = await callTool(gateway.url(), 'get_issue');
    expect(answer.status).toBe(401);
    const challenge = String(answer.headers['www-authenticate']);
    expect(challenge).toMatch(/^Bearer /);
    expect(challenge).not.toContain('error=');
    const url = /resource_metadata="([^"]+)"/.exec(challenge)![1]!;
    const metadata = await (await fetch(url)).json();
    expect(metadata).toMatchObject({ resource: gateway.audience(), authorization_servers: [ISSUER] });
  });

  const hmac = (header: object, payload: object, secret: string): string => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };

  it.each<[string, () => Promise<string> | string]>([
    ['expired', () => token({ claims: { exp: Math.floor(Date.now() / 1000) - 60 } })],
    ['without an end', () => token({ claims: { exp: undefined } })],
    ['not valid yet', () => token({ claims: { nbf: Math.floor(Date.now() / 1000) + 600 } })],
    ['for another server', () => token({ claims: { aud: 'http://127.0.0.1:1/other' } })],
    ['for nobody', () => token({ claims: { aud: undefined } })],
    ['of another issuer', () => token({ claims: { iss: 'https://evil.example' } })],
    ['signed with none', () => unsignedToken(claims())],
    [
      'signed with the RSA public key as a shared secret',
      async () => {
        const publicKey = await crypto.subtle.importKey(
          'jwk',
          rsa.publicJwk as never,
          { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
          true,
          ['verify'],
        );
        return hmac({ alg: 'HS256', kid: 'k2' }, claims(), await exportSPKI(publicKey));
      },
    ],
    ['of a key that is not published', async () => mint(await makeSigningKey('ES256', 'k1'), claims())],
    [
      'with a payload changed after signing',
      async () => {
        const [header, , signature] = (await token()).split('.');
        return `${header}.${Buffer.from(JSON.stringify({ ...claims(), sub: 'root' })).toString('base64url')}.${signature}`;
      },
    ],
    ['that is no token', () => 'aaaa.bbbb.cccc'],
  ])('[AUTH-01/tokens] refuses a token %s with 401', async (_what, make) => {
    const before = upstream.calls;
    const answer = await callTool(gateway.url(), 'get_issue', {}, { token: await make() });
    expect(answer.status).toBe(401);
    expect(String(answer.headers['www-authenticate'])).toContain('error="invalid_token"');
    expect(upstream.calls).toBe(before);
  });

  it('identifies before anything of the body is read', async () => {
    const answer = await fetch(gateway.url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ not json',
    });
    expect(answer.status).toBe(401);
  });

  it('[AUTH-01/tokens] admits tokens of an issuer that publishes its keys, found by discovery or by their address', async () => {
    const issuer = await TestIssuer.start();
    issuer.published = [key.publicJwk];
    for (const jwks of [{}, { jwks: issuer.jwksUrl }]) {
      await using remote = await startTestGateway(
        configuration(
          { tracker: upstream.url },
          {
            identity: { remote: { type: 'jwt', issuer: issuer.url, ...jwks } },
            server: { identity: ['remote'] },
          },
        ),
      );
      const own = { ...claims(), iss: issuer.url, aud: remote.audience() };
      const good = await callTool(remote.url(), 'get_issue', {}, { token: await mint(key, own) });
      expect(good.status).toBe(200);
      const stranger = await makeSigningKey('ES256', 'k1');
      const forged = await callTool(remote.url(), 'get_issue', {}, { token: await mint(stranger, own) });
      expect(forged.status).toBe(401);
    }
    await issuer.close();
  });

  it("[COMPL-17] never shows the caller's token, nor a header that is not named, to an upstream", async () => {
    const secret = await token();
    const answer = await callTool(
      gateway.url(),
      'get_issue',
      {},
      { token: secret, headers: { cookie: 'a=b', 'x-request-id': 'r1' } },
    );
    const { headers } = told(answer.body.result);
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('x-request-id');
    expect(JSON.stringify(headers)).not.toContain(createHash('sha256').update(secret).digest('hex'));
    expect(JSON.stringify(upstream.log)).not.toContain(secret);
    expect(await gateway.log()).not.toContain(secret);
  });
});

describe('keys of virtual servers', () => {
  const keysFile = (keys: readonly object[]): string => JSON.stringify({ keys });
  const twoServers = (): string =>
    JSON.stringify({
      version: 1,
      listeners: { main: { bind: '127.0.0.1:0' } },
      identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
      servers: Object.fromEntries(
        ['a', 'b'].map((name) => [
          name,
          {
            at: [{ listener: 'main', path: `/${name}` }],
            identity: ['robots'],
            expose: [{ upstream: 'tracker' }],
          },
        ]),
      ),
      upstreams: { tracker: { type: 'http', endpoints: [upstream.url] } },
    });

  const status = async (gateway: TestGateway, server: string, token: string): Promise<number> =>
    (await modernRequest(gateway.url(server), 'tools/list', {}, { token })).status;

  it('[AUTH-05] opens the server that a key names and no other', async () => {
    const { key: secret, hash } = makeApiKey('a1');
    await using gateway = await startTestGateway(twoServers(), {
      files: { 'keys.yaml': keysFile([{ id: 'a1', hash, servers: ['a'] }]) },
    });
    expect(await status(gateway, 'a', secret)).toBe(200);
    expect(await status(gateway, 'b', secret)).toBe(403);
    expect(await status(gateway, 'a', `${secret.slice(0, -1)}x`)).toBe(401);
    expect(await status(gateway, 'a', secret.replace('a1', 'a2'))).toBe(401);
    expect(await gateway.log()).not.toContain(secret);
  });

  it('[AUTH-05] takes the old and the new key while they overlap, and then only the new one', async () => {
    const old = makeApiKey('a1');
    const fresh = makeApiKey('a2');
    const entries = (notAfter: string) => [
      { id: 'a1', hash: old.hash, servers: ['a'], notAfter },
      { id: 'a2', hash: fresh.hash, servers: ['a'] },
    ];
    const overlap = new Date(Date.now() + 3_600_000).toISOString();
    await using gateway = await startTestGateway(twoServers(), {
      files: { 'keys.yaml': keysFile(entries(overlap)) },
    });
    expect(await status(gateway, 'a', old.key)).toBe(200);
    expect(await status(gateway, 'a', fresh.key)).toBe(200);
    await gateway.writeBeside('keys.yaml', keysFile(entries(new Date(Date.now() - 1000).toISOString())));
    expect((await gateway.gateway.reload()).result).toBe('applied');
    expect(await status(gateway, 'a', old.key)).toBe(401);
    expect(await status(gateway, 'a', fresh.key)).toBe(200);
  });
});
