import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../../support/modern-client.ts';
import { type RawRequest, rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const LEGACY = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};
const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'x', version: '1' },
};

let upstream: FastUpstream;
let gateway: TestGateway;
const { key, hash } = makeApiKey('a1');
beforeAll(async () => {
  upstream = await startToolUpstream('files', ['read']);
  gateway = await startTestGateway(
    configuration(
      { files: upstream.url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'] },
      },
    ),
    { files: { 'keys.yaml': JSON.stringify({ keys: [{ id: 'a1', hash, servers: ['main'] }] }) } },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const modern = (method: string, params: object = {}): RawRequest => ({
  method: 'POST',
  headers: modernHeaders(method, params, {}),
  body: modernBody(method, params),
});
const legacy = (body: object, headers: Record<string, string>): RawRequest => ({
  method: 'POST',
  headers: { ...LEGACY, ...headers },
  body: JSON.stringify(body),
});

/** Everything that can be sent to an endpoint, in either era; `session` is that of somebody who is known. */
const everything = (session: Record<string, string>): readonly RawRequest[] => [
  ...['server/discover', 'tools/list', 'prompts/list', 'resources/list', 'completion/complete'].map(
    (method) => modern(method),
  ),
  modern('tools/call', { name: 'read', arguments: {} }),
  modern('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  modern('no/such'),
  legacy({ jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE }, {}),
  legacy({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, session),
  legacy({ jsonrpc: '2.0', method: 'notifications/initialized' }, session),
  legacy({ jsonrpc: '2.0', id: 1, result: {} }, session),
  legacy([{ jsonrpc: '2.0', id: 1, method: 'ping' }], session),
  { headers: { ...LEGACY, ...session, accept: 'text/event-stream' } },
  { headers: { ...LEGACY, ...session, accept: 'text/event-stream', 'last-event-id': '1' } },
  { method: 'DELETE', headers: { ...LEGACY, ...session } },
  { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' },
];

test('T3: whoever is not known gets nothing but a challenge, whatever is sent and whatever else is shown', async () => {
  const known = { authorization: `Bearer ${key}` };
  const { authorization: _, ...session } = await openSession(gateway.url(), known);
  const before = upstream.log.length;
  const shown: Record<string, string>[] = [
    {},
    { authorization: `Bearer ${key}x` },
    { authorization: `Basic ${btoa(`a1:${key}`)}` },
    { authorization: key },
  ];
  for (const credentials of shown)
    for (const request of everything(session)) {
      const headers = { ...request.headers, ...credentials };
      const answer = await rawRequest(gateway.url(), { ...request, headers });
      expect(answer.status, `${request.method} ${request.body}`).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(answer.text).not.toContain('read');
    }
  const inQuery = await rawRequest(`${gateway.url()}?access_token=${key}`, modern('tools/list'));
  expect(inQuery.status).toBe(400);
  expect(inQuery.text).not.toContain('read');
  expect(upstream.log).toHaveLength(before);
  const still = await legacyRequest(gateway.url(), 'ping', {}, { ...session, ...known });
  expect(still.status).toBe(200);
  expect((await callTool(gateway.url(), 'read', {}, { token: key })).status).toBe(200);
});

test('a server that names nobody who may call it does not start', async () => {
  const silent = configuration({ files: upstream.url }, { server: { identity: [] } });
  await expect(startTestGateway(silent)).rejects.toThrow(/GW\d{4}/);
});
