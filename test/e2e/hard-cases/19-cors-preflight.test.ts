import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { type RawAnswer, rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const APP = 'https://app.example.com';
/** What a page needs to send in one era or the other. */
const NEEDED = [
  'accept',
  'authorization',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
];
const SCHEMA = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', [{ name: 'locate', inputSchema: SCHEMA }]);
  gateway = await startTestGateway(
    configuration({ tracker: upstream.url }, { listener: { origins: [APP] } }),
    { tap: false },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const preflight = (origin: string, method: string, asked: string): Promise<RawAnswer> =>
  rawRequest(gateway.url(), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': asked,
    },
  });

const allowedBy = (answer: RawAnswer): string[] =>
  String(answer.headers['access-control-allow-headers'] ?? '').split(/, */);

test('hard case 19: the preflight allows every header that a page needs in either era, and what it needs to read', async () => {
  for (const method of ['POST', 'GET', 'DELETE']) {
    const answer = await preflight(APP, method, [...NEEDED, 'mcp-param-region'].join(','));
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(APP);
    expect(String(answer.headers['access-control-allow-methods']).split(/, */)).toContain(method);
    expect(allowedBy(answer)).toEqual(expect.arrayContaining([...NEEDED, 'mcp-param-region']));
  }
  const params = { name: 'locate', arguments: { region: 'eu' } };
  const headers = { ...modernHeaders('tools/call', params, {}), origin: APP, 'mcp-param-region': 'eu' };
  const called = await rawRequest(gateway.url(), {
    method: 'POST',
    headers,
    body: modernBody('tools/call', params),
  });
  expect(called.status).toBe(200);
  const exposed = String(called.headers['access-control-expose-headers']).toLowerCase().split(/, */);
  expect(exposed).toEqual(expect.arrayContaining(['mcp-session-id', 'www-authenticate']));
});

test('a preflight allows no page that is not listed, and no header beyond those', async () => {
  for (const origin of ['https://evil.example.com', 'null', `${APP}.evil.example.com`]) {
    const answer = await preflight(origin, 'POST', NEEDED.join(','));
    expect(answer.status).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  }
  const asked = ['cookie', 'x-evil', 'mcp-param-', 'mcp-param-a b', 'mcp-paramregion', '*'];
  const answer = await preflight(APP, 'POST', asked.join(','));
  for (const name of asked) expect(allowedBy(answer)).not.toContain(name);
  expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
});
