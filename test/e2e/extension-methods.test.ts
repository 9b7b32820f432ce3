import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { type FastUpstream, startFastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { legacyRequest, openSession } from '../support/legacy-client.ts';
import { modernRequest } from '../support/modern-client.ts';

const EXTENSION = 'com.example/catalog';
const META = { 'io.modelcontextprotocol/serverInfo': { name: 'catalog', version: '1.0.0' } };

let catalog: FastUpstream;
let other: FastUpstream;
beforeAll(async () => {
  [catalog, other] = await Promise.all([startFastUpstream(), startFastUpstream()]);
  catalog.on('server/discover', ({ message, response }) => {
    const capabilities = { tools: {}, extensions: { [EXTENSION]: { depth: 2 }, 'com.example/unnamed': {} } };
    const result = {
      supportedVersions: ['2026-07-28'],
      capabilities,
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: META,
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
  catalog.on('catalog/search', ({ message, response }) => {
    const result = {
      resultType: 'complete',
      found: [message.params?.query, 12345678901234567890n.toString()],
      _meta: META,
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
});
afterAll(() => Promise.all([catalog.close(), other.close()]));

const start = (over: Parameters<typeof configuration>[1] = {}) =>
  startTestGateway(
    configuration(
      { other: other.url, catalog: catalog.url },
      {
        expose: [
          { upstream: 'other' },
          { upstream: 'catalog', extensions: { [EXTENSION]: ['catalog/search'] } },
        ],
        ...over,
      },
    ),
    { tap: false },
  );

/** Answers of an extension have no published schema. */
const UNCHECKED = { valid: false } as const;

describe('a method of an extension', () => {
  it('goes to the upstream that the table names, and to no other', async () => {
    await using gateway = await start();
    const { body, status } = await modernRequest(
      gateway.url(),
      'catalog/search',
      { query: 'shoes' },
      UNCHECKED,
    );
    expect(status).toBe(200);
    expect(body.result.found[0]).toBe('shoes');
    const arrivals = (upstream: FastUpstream) =>
      upstream.log.filter(({ message }) => message.method === 'catalog/search').length;
    expect([arrivals(catalog), arrivals(other)]).toEqual([1, 0]);
    expect(catalog.log.at(-1)?.headers['mcp-method']).toBe('catalog/search');
  });

  it('is there for clients with a session too', async () => {
    await using gateway = await start();
    const session = await openSession(gateway.url());
    const found = await legacyRequest(gateway.url(), 'catalog/search', { query: 'hats' }, session);
    expect(JSON.parse(found.text).result.found[0]).toBe('hats');
    const unknown = await legacyRequest(gateway.url(), 'catalog/delete', {}, session);
    expect(JSON.parse(unknown.text).error).toMatchObject({ code: -32601 });
  });

  it('does not exist where no table names it', async () => {
    await using gateway = await start();
    for (const method of ['catalog/delete', 'catalog/searches', 'tools/delete'])
      expect(await modernRequest(gateway.url(), method, {}, UNCHECKED)).toMatchObject({
        status: 404,
        body: { error: { code: -32601 } },
      });
    expect(catalog.log.some(({ message }) => message.method === 'catalog/delete')).toBe(false);
  });

  it('is announced with the settings of its upstream, and no other extension is', async () => {
    await using gateway = await start();
    const { body } = await modernRequest(gateway.url(), 'server/discover');
    expect(body.result.capabilities.extensions).toEqual({ [EXTENSION]: { depth: 2 } });
  });

  it('is permitted by the rules of the server or not at all', async () => {
    const rbac = (method: string) => ({
      server: { policies: ['team'] },
      policies: {
        team: {
          type: 'rbac',
          roles: { any: { allow: [{ method }] } },
          bindings: [{ roles: ['any'], when: 'true' }],
        },
      },
    });
    await using closed = await start(rbac('tools/call'));
    expect((await modernRequest(closed.url(), 'catalog/search', {}, UNCHECKED)).body.error).toMatchObject({
      code: -32601,
    });
    await using open = await start(rbac('catalog/search'));
    expect((await modernRequest(open.url(), 'catalog/search', {}, UNCHECKED)).body.result).toBeDefined();
  });
});
