import { OAuthProtectedResourceMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js';
import { describe, expect, test } from 'vitest';
import {
  resourceMetadataDocuments,
  resourceMetadataUrl,
} from '../../../runtime/identity/resource-metadata.ts';
import { ISSUER, jwtNode } from './identity-fixtures.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const identities = {
  workforce: jwtNode({}),
  twin: jwtNode({ name: 'twin' }),
  partner: jwtNode({ name: 'partner', issuer: 'https://partner.example/realm' }),
  robots: { kind: 'identity', type: 'api-key', name: 'robots', keys: [] },
} as const;

const documentsOf = (
  routes: { path: string; server: string }[],
  servers: Record<string, { identities: string[]; scopes: string[] }>,
) => resourceMetadataDocuments({ url: 'https://gw.example', routes, servers, identities });

describe('resource metadata', () => {
  test('names the resource, its issuers and its scopes, below the well-known path of the endpoint', () => {
    const documents = documentsOf([{ path: '/engineering', server: 'eng' }], {
      eng: { identities: ['workforce', 'robots', 'partner', 'twin'], scopes: ['mcp:read', 'mcp:write'] },
    });
    const document: unknown = JSON.parse(documents.get(`${WELL_KNOWN}/engineering`) as string);
    expect(OAuthProtectedResourceMetadataSchema.parse(document)).toEqual({
      resource: 'https://gw.example/engineering',
      authorization_servers: [ISSUER, 'https://partner.example/realm'],
      scopes_supported: ['mcp:read', 'mcp:write'],
      bearer_methods_supported: ['header'],
      resource_name: 'eng',
    });
  });

  test('is at the root too where the listener has one such endpoint', () => {
    const one = { identities: ['workforce'], scopes: [] };
    const keyed = { identities: ['robots'], scopes: [] };
    const documents = documentsOf(
      [
        { path: '/a', server: 'a' },
        { path: '/b', server: 'b' },
      ],
      { a: one, b: keyed },
    );
    expect([...documents.keys()]).toEqual([`${WELL_KNOWN}/a`, WELL_KNOWN]);
    expect(documents.get(WELL_KNOWN)).toBe(documents.get(`${WELL_KNOWN}/a`));
  });

  test('is not at the root where that would be one of several', () => {
    const one = { identities: ['workforce'], scopes: [] };
    const routes = [
      { path: '/a', server: 'a' },
      { path: '/b', server: 'b' },
    ];
    const documents = documentsOf(routes, { a: one, b: one });
    expect([...documents.keys()]).toEqual([`${WELL_KNOWN}/a`, `${WELL_KNOWN}/b`]);
  });

  test('does not exist for servers without an issuer', () => {
    const routes = [{ path: '/a', server: 'a' }];
    expect(documentsOf(routes, { a: { identities: ['robots'], scopes: ['x'] } }).size).toBe(0);
    expect(documentsOf(routes, { a: { identities: [], scopes: [] } }).size).toBe(0);
  });

  test('of an endpoint at the root has no path after the well-known one', () => {
    const documents = documentsOf([{ path: '/', server: 'a' }], {
      a: { identities: ['workforce'], scopes: [] },
    });
    expect([...documents.keys()]).toEqual([WELL_KNOWN]);
    expect(resourceMetadataUrl('https://gw.example:8443/')).toBe(`https://gw.example:8443${WELL_KNOWN}`);
    expect(resourceMetadataUrl('https://gw.example/a/b')).toBe(`https://gw.example${WELL_KNOWN}/a/b`);
  });
});
