import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { openSession } from '../../support/legacy-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';
import { WebSocketClient } from '../../support/web-socket-client.ts';

const APP = 'https://app.example.com';
const EVIL = [
  'https://evil.example.com',
  'null',
  'https://app.example.com.evil.example',
  'http://app.example.com',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
const PATHS = [
  '/mcp',
  '/mcp/sse',
  '/mcp/messages?sessionId=x',
  '/mcp/ws',
  '/nowhere',
  '/.well-known/oauth-protected-resource/mcp',
];

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['a']);
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        listener: { origins: [APP] },
        server: { protocol: { legacySse: true, websocket: true } },
      },
    ),
    { tap: false },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'mcp',
};

const at = (path: string): string => new URL(path, gateway.url()).href;

describe('an origin that is not listed', () => {
  it('T1: is answered 403 on every method of every path, sessions and other transports included', async () => {
    const session = await openSession(gateway.url());
    for (const origin of EVIL)
      for (const path of PATHS)
        for (const method of METHODS)
          for (const headers of [{}, session, HANDSHAKE]) {
            const answer = await rawRequest(at(path), { method, headers: { ...headers, origin } });
            expect(answer.status, `${method} ${path} from ${origin}`).toBe(403);
            expect(answer.headers['access-control-allow-origin']).toBeUndefined();
          }
  });

  it('T1: opens no WebSocket, and a listed one does', async () => {
    for (const origin of EVIL)
      await expect(WebSocketClient.open(gateway.url(), { origin })).rejects.toThrow('status 403');
    const client = await WebSocketClient.open(gateway.url(), { origin: APP });
    expect((await client.initialize()).result).toBeDefined();
    client.close();
  });

  it('T1: is no better for a name of the gateway that is not its own', async () => {
    for (const path of PATHS) {
      const answer = await rawRequest(at(path), { headers: { ...HANDSHAKE, host: 'evil.example.com' } });
      expect(answer.status).toBe(403);
    }
  });

  it('T1: may be missing: clients that are no browsers send none', async () => {
    expect((await rawRequest(gateway.url(), { headers: await openSession(gateway.url()) })).status).toBe(406);
  });
});
