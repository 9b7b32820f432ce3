/** Calls to decide on, for tests. */
import { type CallFacts, DEFAULT_ANNOTATIONS } from '../../schema/decision.ts';
import type { Principal } from '../../schema/principal.ts';

export const principal = (fields: Partial<Principal> = {}): Principal => ({
  id: 'alice',
  key: 'workforce:alice',
  kind: 'user',
  identity: 'workforce',
  roles: ['engineering', 'on-call'],
  tenant: 'acme',
  assurance: 1,
  claims: { sub: 'alice', org: { id: 'acme' }, level: 3, ratio: 0.5, groups: ['a', 'b'] },
  scopes: ['mcp:read'],
  ...fields,
});

const anyCall = (method: string, name: string) => ({
  principal: principal(),
  client: {
    address: '10.0.0.1',
    userAgent: 'test/1',
    name: 'client',
    version: '1.0',
    era: 'modern' as const,
  },
  server: { name: 'engineering' },
  call: { method, name, id: '7' },
  request: { headers: { 'x-team': 'core' }, listener: 'edge', path: '/mcp' },
  nowMs: Date.UTC(2026, 10, 20, 9, 30, 15, 250),
});

/** A tools/call. Without `args` in `fields` it is an item of a list. */
export const toolCall = (name: string, fields: Partial<CallFacts> = {}): CallFacts => ({
  ...anyCall('tools/call', name),
  upstream: { name: 'github' },
  tool: { name, upstream: 'github', annotations: DEFAULT_ANNOTATIONS },
  ...fields,
});

export const resourceRead = (uri: string, fields: Partial<CallFacts> = {}): CallFacts => ({
  ...anyCall('resources/read', uri),
  upstream: { name: 'files' },
  resource: { uri, mimeType: 'text/plain' },
  ...fields,
});

export const promptGet = (name: string, fields: Partial<CallFacts> = {}): CallFacts => ({
  ...anyCall('prompts/get', name),
  upstream: { name: 'files' },
  prompt: { name },
  ...fields,
});
