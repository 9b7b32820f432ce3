import { describe, expect, it } from 'vitest';
import { type Admitted, compareStandings } from '../../../policies/identity/standing.ts';
import type { Graph } from '../../../schema/graph/graph.ts';
import { ANONYMOUS, type Principal } from '../../../schema/principal.ts';

const principal = (identity: string, over: Partial<Principal> = {}): Principal => ({
  ...ANONYMOUS,
  id: 'ann',
  key: `${identity}:ann`,
  kind: 'user',
  identity,
  ...over,
});

const key = (id: string, over: object = {}) => ({
  id,
  hash: id.repeat(4),
  servers: ['main'],
  roles: [],
  tenant: '',
  ...over,
});

interface Parts {
  readonly server?: object;
  readonly listener?: object;
  readonly robots?: object;
  readonly people?: object;
}

const graph = ({ server, listener, robots, people }: Parts = {}): Graph =>
  ({
    listeners: {
      web: {
        url: 'https://mcp.example.com',
        ip: { deny: [] },
        trustedProxies: ['10.0.0.0/8'],
        routes: [{ path: '/mcp', server: 'main' }],
        ...listener,
      },
    },
    identities: {
      robots: { type: 'api-key', keys: [key('ann'), key('ben')], ...robots },
      people: { type: 'jwt', issuer: 'https://issuer.example.com', ...people },
    },
    servers: { main: { identities: ['robots', 'people'], anonymous: false, scopes: [], ...server } },
  }) as unknown as Graph;

const caller = (over: Partial<Admitted> = {}): Admitted => ({
  principal: principal('people'),
  server: 'main',
  listener: 'web',
  path: '/mcp',
  peer: '192.0.2.7',
  clientAddress: '192.0.2.7',
  ...over,
});

const stands = (after: Parts, who: Partial<Admitted> = {}, before: Parts = {}): boolean =>
  compareStandings(graph(before), graph(after))(caller(who));

const robot = { principal: principal('robots', { kind: 'api-key' }) };

describe('a caller that was admitted', () => {
  it('is admitted still where nothing of its own has changed', () => {
    expect(stands({})).toBe(true);
    expect(stands({ robots: { keys: [] } })).toBe(true);
    expect(stands({ robots: { keys: [key('ann')] } }, robot)).toBe(true);
    expect(stands({ listener: { ip: { deny: ['192.0.2.8/32'] } } })).toBe(true);
  });

  it.each<[string, Parts, Partial<Admitted>?]>([
    ['its key is gone', { robots: { keys: [key('ben')] } }, robot],
    ['its key has another secret', { robots: { keys: [key('ann', { hash: 'other' })] } }, robot],
    ['its key is for other servers', { robots: { keys: [key('ann', { servers: [] })] } }, robot],
    ['its key has other roles', { robots: { keys: [key('ann', { roles: ['admin'] })] } }, robot],
    ['its issuer has changed', { people: { issuer: 'https://other.example.com' } }],
    ['its identity is listed no more', { server: { identities: ['robots'] } }],
    ['a scope is asked for that it has not', { server: { scopes: ['read'] } }],
    ['its token was for another URL', { listener: { url: 'https://other.example.com' } }],
    ['its address is denied', { listener: { ip: { deny: ['192.0.2.0/24'] } } }],
    ['its address is not allowed', { listener: { ip: { allow: ['198.51.100.0/24'], deny: [] } } }],
    ['its place is gone', { listener: { routes: [{ path: '/other', server: 'main' }] } }],
    ['its place leads elsewhere', { listener: { routes: [{ path: '/mcp', server: 'other' }] } }],
    ['nobody may be anonymous any more', {}, { principal: ANONYMOUS }],
    ['its server is gone', {}, { server: 'gone' }],
  ])('is not where %s', (_why, after, who) => {
    expect(stands(after, who)).toBe(false);
  });

  it('that came through a trusted proxy is judged by the address that the proxy said', () => {
    const proxied = { peer: '10.0.0.1', clientAddress: '192.0.2.7' };
    expect(stands({ listener: { ip: { deny: ['10.0.0.0/8'] } } }, proxied)).toBe(true);
    expect(stands({ listener: { ip: { deny: ['192.0.2.0/24'] } } }, proxied)).toBe(false);
  });

  it('through a proxy is not where other proxies are trusted: who it is has to be found out anew', () => {
    const proxied = { peer: '10.0.0.1', clientAddress: '192.0.2.7' };
    expect(stands({ listener: { trustedProxies: ['10.0.0.0/16'] } }, proxied)).toBe(false);
    expect(stands({ listener: { trustedProxies: [] } }, proxied)).toBe(false);
    expect(stands({ listener: { trustedProxies: ['192.0.2.0/24'] } })).toBe(false);
    expect(stands({ listener: { trustedProxies: ['10.0.0.0/16'] } })).toBe(true);
  });

  it('over pipes is judged by its credential alone, as is a session by no place', () => {
    const pipes = { listener: 'stdio', path: '', peer: '', clientAddress: '' };
    expect(stands({ listener: { ip: { allow: [], deny: [] } } }, { ...pipes, ...robot })).toBe(true);
    expect(stands({ robots: { keys: [] } }, { ...pipes, ...robot })).toBe(false);
    expect(stands({ listener: { routes: [] } }, { path: undefined })).toBe(true);
  });
});
