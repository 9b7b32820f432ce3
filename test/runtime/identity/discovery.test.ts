import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { discoverJwksUri, metadataUrls } from '../../../runtime/identity/discovery.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const serve = async (answers: (origin: string) => Record<string, unknown>) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const document = answers(origin)[request.url ?? ''];
    response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const agent = new Agent();
  closing.push(
    () => agent.destroy(),
    () => server.close(),
  );
  return {
    origin,
    asked,
    discover: (issuer: string) => discoverJwksUri(issuer, agent, AbortSignal.timeout(5_000)),
  };
};

describe('discovery', () => {
  test('looks in the places of RFC 8414 and OpenID Connect, in that order', () => {
    expect(metadataUrls('https://id.example')).toEqual([
      'https://id.example/.well-known/oauth-authorization-server',
      'https://id.example/.well-known/openid-configuration',
    ]);
    expect(metadataUrls('https://id.example/realms/a/')).toEqual([
      'https://id.example/.well-known/oauth-authorization-server/realms/a',
      'https://id.example/.well-known/openid-configuration/realms/a',
      'https://id.example/realms/a/.well-known/openid-configuration',
    ]);
  });

  test.each([0, 1, 2])('finds an issuer with a path by place %i', async (place) => {
    const { origin, asked, discover } = await serve((base) => ({
      [metadataUrls(`${base}/realms/a`)[place]?.slice(base.length) as string]: {
        issuer: `${base}/realms/a`,
        jwks_uri: `${base}/keys`,
      },
    }));
    expect(await discover(`${origin}/realms/a`)).toBe(`${origin}/keys`);
    expect(asked).toHaveLength(place + 1);
  });

  test('believes no metadata of another issuer, not even of one with a slash more', async () => {
    for (const other of ['/', '/realms/b', '?']) {
      const { origin, discover } = await serve((base) => ({
        '/.well-known/openid-configuration': { issuer: `${base}${other}`, jwks_uri: `${base}/keys` },
      }));
      await expect(discover(origin)).rejects.toThrow('`issuer` is not');
    }
  });

  test('passes a place by whose metadata is of another issuer, for one that is right', async () => {
    const { origin, discover } = await serve((base) => ({
      '/.well-known/oauth-authorization-server': { issuer: 'https://evil.example', jwks_uri: `${base}/evil` },
      '/.well-known/openid-configuration': { issuer: base, jwks_uri: `${base}/keys` },
    }));
    expect(await discover(origin)).toBe(`${origin}/keys`);
  });

  test.each([null, [], 'text', {}, { issuer: 1 }])('finds nothing in %j', async (document) => {
    const { origin, discover } = await serve(() => ({ '/.well-known/openid-configuration': document }));
    await expect(discover(origin)).rejects.toThrow('`issuer` is not');
  });

  test('says what was wrong with each place', async () => {
    const { origin, discover } = await serve((base) => ({
      '/.well-known/openid-configuration': { issuer: base },
    }));
    await expect(discover(origin)).rejects.toThrow(/oauth-authorization-server: status 404; .*no `jwks_uri`/);
  });
});
