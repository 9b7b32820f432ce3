import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { answer, type Behaviour, type FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { startToolUpstream, told } from '../../support/tool-upstream.ts';

const refuse: Behaviour = ({ response }) =>
  response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();

const methodsOf = ({ log }: FastUpstream): (string | undefined)[] => log.map(({ message }) => message.method);

let modern: FastUpstream;
let legacy: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  modern = await startToolUpstream('modern', ['read'], { eras: ['modern', 'legacy'] });
  legacy = await startToolUpstream('legacy', ['read'], { eras: ['legacy'] });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: {
          modern: {
            at: [{ listener: 'main', path: '/modern' }],
            anonymous: true,
            expose: [{ upstream: 'modern' }],
          },
          legacy: {
            at: [{ listener: 'main', path: '/legacy' }],
            anonymous: true,
            expose: [{ upstream: 'legacy' }],
          },
        },
        upstreams: {
          modern: { type: 'http', endpoints: [modern.url] },
          legacy: { type: 'http', endpoints: [legacy.url] },
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await modern.close();
  await legacy.close();
});

test('hard case 22: an upstream that refuses credentials in the middle is no evidence of its era', async () => {
  const url = gateway.url('modern');
  expect((await callTool(url, 'read')).body.result).toBeDefined();
  const probed = methodsOf(modern).filter((method) => method === 'server/discover').length;
  modern.behave(refuse);
  const refused = await callTool(url, 'read');
  expect(refused.body.error).toMatchObject({ code: -31003 });
  expect(JSON.stringify(refused.body)).not.toContain('invalid_token');
  modern.behave(answer);
  expect((await callTool(url, 'read')).body.result).toBeDefined();
  expect(methodsOf(modern)).not.toContain('initialize');
  expect(methodsOf(modern).filter((method) => method === 'server/discover')).toHaveLength(probed);
});

test('a session whose upstream refuses a call goes on, over the same upstream session', async () => {
  const url = gateway.url('legacy');
  const session = await openSession(url);
  const call = () => legacyRequest(url, 'tools/call', { name: 'read', arguments: {} }, session);
  expect(told(JSON.parse((await call()).text).result)).toMatchObject({ upstream: 'legacy' });
  const opened = methodsOf(legacy).filter((method) => method === 'initialize').length;
  legacy.behave(refuse);
  expect(JSON.parse((await call()).text).error).toMatchObject({ code: -31003 });
  legacy.behave(answer);
  expect(JSON.parse((await call()).text).result).toBeDefined();
  expect(methodsOf(legacy).filter((method) => method === 'initialize')).toHaveLength(opened);
});

test('an upstream whose probe is refused is probed again, and found to be what it is', async () => {
  const walled = await startToolUpstream('walled', ['read'], { eras: ['modern', 'legacy'] });
  walled.on('server/discover', refuse);
  await using before = await startTestGateway(configuration({ walled: walled.url }));
  const shut = await callTool(before.url(), 'read');
  expect(shut.body.error).toBeDefined();
  expect(methodsOf(walled)).not.toContain('initialize');
  walled.on('server/discover', ({ message, response }) => {
    const result = {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: 'private',
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
  });
  await expect
    .poll(async () => (await callTool(before.url(), 'read')).body.result, { timeout: 60_000, interval: 500 })
    .toBeDefined();
  expect(methodsOf(walled)).not.toContain('initialize');
  await walled.close();
}, 90_000);
