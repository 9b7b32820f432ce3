import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GatewayError } from '../../../runtime/errors.ts';
import { ApiKeyIdentity, makeApiKey } from '../../../runtime/identity/api-key.ts';
import { type GuardedServer, prepareAuthenticate } from '../../../runtime/identity/authenticate.ts';
import type { Identity } from '../../../runtime/identity/identity.ts';
import { resourceMetadataUrl } from '../../../runtime/identity/resource-metadata.ts';
import type { Exchange } from '../../../runtime/listen/exchange.ts';
import { makeSigningKey, mint, type SigningKey } from '../../support/issuer.ts';
import { goodClaims, localIdentity, NOW_MS, RESOURCE, remoteIdentity } from './identity-fixtures.ts';

const METADATA = 'resource_metadata="https://gw.example/.well-known/oauth-protected-resource/engineering"';
const PATH = '/engineering';

let key: SigningKey;
let token: string;
const engineeringKey = makeApiKey('bot');
const financeKey = makeApiKey('clerk');
const robots = new ApiKeyIdentity({
  kind: 'identity',
  type: 'api-key',
  name: 'robots',
  keys: [
    { id: 'bot', hash: engineeringKey.hash, servers: ['engineering'], roles: [], tenant: '' },
    { id: 'clerk', hash: financeKey.hash, servers: ['finance'], roles: [], tenant: '' },
  ],
});

beforeAll(async () => {
  key = await makeSigningKey('ES256', 'k');
  token = await mint(key, goodClaims());
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: string;
}

/** Serves the stage alone and sends it raw header lines. */
const serve = async (server: Partial<GuardedServer>, identities: readonly Identity[]) => {
  const guarded = { name: 'engineering', anonymous: false, scopes: [], url: RESOURCE.url, ...server };
  const authenticate = prepareAuthenticate(
    { identities: identities.map(({ name }) => name), ...guarded },
    new Map(identities.map((identity) => [identity.name, identity])),
  );
  const http = createServer((request, response) => {
    const exchange = { request, response, path: PATH } as unknown as Exchange;
    authenticate(exchange, NOW_MS, (outcome) => {
      response.sendDate = false;
      if (outcome instanceof GatewayError) {
        response.writeHead(outcome.status, [...(outcome.headers ?? [])]).end(outcome.code);
      } else {
        response.writeHead(200).end(outcome.key);
      }
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => http.close(resolve)));
  const { port } = http.address() as AddressInfo;
  return (headers: readonly string[] = [], target = PATH) =>
    new Promise<Answer>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => {
        socket.end();
        const [head, body] = text.split('\r\n\r\n') as [string, string];
        const challenge = /^www-authenticate: (.*)$/im.exec(head)?.[1];
        resolve({ status: Number(head.split(' ')[1]), challenge, body: body.split('\r\n')[1] ?? body });
      });
      const lines = [`POST ${target} HTTP/1.1`, 'host: gw', 'connection: close', 'content-length: 0'];
      socket.write([...lines, ...headers, '', ''].join('\r\n'));
    });
};

const workforce = (fields = {}) => localIdentity([key.publicJwk], fields);

describe('a server with a jwt identity', () => {
  test('lets a good token in, whatever the case of scheme and header', async () => {
    const send = await serve({}, [workforce()]);
    for (const header of [`authorization: Bearer ${token}`, `AUTHORIZATION: bEARER   ${token}`]) {
      expect(await send([header])).toMatchObject({ status: 200, body: 'workforce:alice' });
    }
  });

  test('answers a caller without token with where to get one, and no error', async () => {
    const send = await serve({ scopes: ['mcp:read', 'mcp:write'] }, [workforce()]);
    const challenge = `Bearer ${METADATA}, scope="mcp:read mcp:write"`;
    expect(await send()).toEqual({ status: 401, challenge, body: 'unauthenticated' });
    expect(await send(['authorization: Basic YTpi'])).toMatchObject({ status: 401, challenge });
    expect(await send([`x-authorization: Bearer ${token}`])).toMatchObject({ status: 401, challenge });
    expect(await send([`cookie: access_token=${token}`])).toMatchObject({ status: 401, challenge });
  });

  test('answers a bad token with invalid_token', async () => {
    const send = await serve({}, [workforce()]);
    const expired = await mint(key, goodClaims(), { claims: { exp: 1 } });
    for (const bad of ['', 'x', expired, `${token} ${token}`, `${token},${token}`, engineeringKey.key]) {
      expect(await send([`authorization: Bearer ${bad}`])).toEqual({
        status: 401,
        challenge: `Bearer error="invalid_token", ${METADATA}`,
        body: 'unauthenticated',
      });
    }
  });

  test('refuses two Authorization headers, even the same twice', async () => {
    const send = await serve({}, [workforce()]);
    const line = `authorization: Bearer ${token}`;
    for (const lines of [
      [line, line],
      [line, 'Authorization: Basic YTpi'],
      ['authorization: Bearer x', line],
    ]) {
      expect(await send(lines)).toMatchObject({
        status: 400,
        challenge: `Bearer error="invalid_request", ${METADATA}`,
      });
    }
  });

  test('refuses a token in the URL, alone or beside a good header', async () => {
    const send = await serve({}, [workforce()]);
    for (const query of [`access_token=${token}`, `a=b&access%5Ftoken=x`]) {
      expect(await send([], `${PATH}?${query}`)).toMatchObject({ status: 400 });
      expect(await send([`authorization: Bearer ${token}`], `${PATH}?${query}`)).toMatchObject({
        status: 400,
      });
    }
    expect(await send([`authorization: Bearer ${token}`], `${PATH}?a=access_token`)).toMatchObject({
      status: 200,
    });
  });

  test('asks for all scopes at once where the token lacks one', async () => {
    const send = await serve({ scopes: ['mcp:read', 'mcp:write'] }, [workforce()]);
    const tokenWith = (scope: string) => mint(key, goodClaims(), { claims: { scope } });
    const lacking = await send([`authorization: Bearer ${await tokenWith('mcp:read mcp:writer')}`]);
    expect(lacking).toEqual({
      status: 403,
      challenge: `Bearer error="insufficient_scope", ${METADATA}, scope="mcp:read mcp:write"`,
      body: 'insufficient_scope',
    });
    const having = await send([`authorization: Bearer ${await tokenWith('mcp:write x mcp:read')}`]);
    expect(having.status).toBe(200);
  });

  test('sends challenges that the official client understands', async () => {
    const scopes = ['mcp:read', 'mcp:write'];
    const send = await serve({ scopes }, [workforce()]);
    const understood = async (headers: readonly string[]) => {
      const { challenge = '' } = await send(headers);
      return extractWWWAuthenticateParams(new Response(null, { headers: { 'www-authenticate': challenge } }));
    };
    const where = {
      resourceMetadataUrl: new URL(resourceMetadataUrl(RESOURCE.url)),
      scope: scopes.join(' '),
    };
    expect(await understood([])).toEqual({ ...where, error: undefined });
    expect(await understood(['authorization: Bearer x'])).toEqual({ ...where, error: 'invalid_token' });
    expect(await understood([`authorization: Bearer ${token}`])).toEqual({
      ...where,
      error: 'insufficient_scope',
    });
  });

  test('answers 503 and lets nobody in while the keys cannot be had', async () => {
    const { identity } = remoteIdentity(goodClaims().iss, { type: 'remote', url: 'http://127.0.0.1:1/jwks' });
    closing.push(() => identity.close());
    const send = await serve({}, [identity]);
    expect(await send([`authorization: Bearer ${token}`])).toEqual({
      status: 503,
      challenge: undefined,
      body: 'upstream_unavailable',
    });
    expect(await send(['authorization: Bearer x'])).toMatchObject({ status: 401 });
  });
});

describe('a server with api keys', () => {
  test('lets its own keys in and answers those of another server with 403', async () => {
    const send = await serve({}, [robots]);
    const sent = (apiKey: string) => send([`authorization: Bearer ${apiKey}`]);
    expect(await sent(engineeringKey.key)).toMatchObject({ status: 200, body: 'robots:bot' });
    expect(await sent(financeKey.key)).toEqual({ status: 403, challenge: undefined, body: 'forbidden' });
    expect(await sent('gw_bot_x')).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' });
  });

  test('has a plain challenge, which names no authorization server', async () => {
    const send = await serve({ scopes: ['mcp:read'] }, [robots]);
    expect(await send()).toMatchObject({ status: 401, challenge: 'Bearer' });
  });

  test('needs no scope of them, where tokens need one', async () => {
    const send = await serve({ scopes: ['mcp:read'] }, [workforce(), robots]);
    expect(await send([`authorization: Bearer ${engineeringKey.key}`])).toMatchObject({ status: 200 });
    expect(await send([`authorization: Bearer ${token}`])).toMatchObject({ status: 403 });
  });
});

describe('a server with several identities', () => {
  test('has each token judged by the identity whose issuer it names', async () => {
    const partnerKey = await makeSigningKey('ES256', 'k');
    const partner = localIdentity([partnerKey.publicJwk], { name: 'partner', issuer: 'https://p.example' });
    const send = await serve({}, [workforce(), partner, robots]);
    const sent = async (signer: SigningKey, iss: string) =>
      send([`authorization: Bearer ${await mint(signer, goodClaims(iss))}`]);
    expect(await sent(key, goodClaims().iss)).toMatchObject({ body: 'workforce:alice' });
    expect(await sent(partnerKey, 'https://p.example')).toMatchObject({ body: 'partner:alice' });
    expect(await sent(key, 'https://p.example')).toMatchObject({ status: 401 });
    expect(await sent(partnerKey, goodClaims().iss)).toMatchObject({ status: 401 });
    expect(await sent(key, 'https://q.example')).toMatchObject({ status: 401 });
    expect(await send(['authorization: Bearer x'])).toMatchObject({ status: 401 });
  });

  test('of one issuer asks them in order until one vouches', async () => {
    const strict = workforce({ name: 'strict', audience: ['elsewhere'] });
    const send = await serve({}, [strict, workforce()]);
    expect(await send([`authorization: Bearer ${token}`])).toMatchObject({ body: 'workforce:alice' });
    const none = await serve({}, [strict, workforce({ audience: ['nowhere'] })]);
    expect(await none([`authorization: Bearer ${token}`])).toMatchObject({ status: 401 });
  });
});

describe('an anonymous server', () => {
  test('looks at no credential', async () => {
    const send = await serve({ anonymous: true }, []);
    expect(await send()).toMatchObject({ status: 200, body: ':anonymous' });
    expect(await send(['authorization: Bearer x'])).toMatchObject({ status: 200, body: ':anonymous' });
  });

  test('that has identities as well takes no bad token for nobody', async () => {
    const send = await serve({ anonymous: true }, [workforce()]);
    expect(await send()).toMatchObject({ status: 200, body: ':anonymous' });
    expect(await send(['authorization: Bearer x'])).toMatchObject({ status: 401 });
    expect(await send([`authorization: Bearer ${token}`])).toMatchObject({ body: 'workforce:alice' });
  });

  test('exists only where it is spelt out', () => {
    const server = { name: 's', identities: [], anonymous: false, scopes: [], url: RESOURCE.url };
    expect(() => prepareAuthenticate(server, new Map())).toThrow('anonymous');
    expect(() => prepareAuthenticate({ ...server, identities: ['gone'] }, new Map())).toThrow('gone');
  });
});
