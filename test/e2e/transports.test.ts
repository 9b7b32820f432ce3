import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { Agent, WebSocket as SecureWebSocket, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { type Everything, startEverything } from '../support/everything/server.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rawRequest } from '../support/raw-request.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const { certificate, key } = makeCertificate('transports');
const BOTH = { legacySse: true, websocket: true };

let everything: Everything;
let clear: TestGateway;
let secure: TestGateway;
let folder: string;
let dispatcher: Agent;
beforeAll(async () => {
  everything = await startEverything();
  const config = (over: object) => configuration({ everything: everything.url }, { ops: false, ...over });
  clear = await startTestGateway(config({ server: { protocol: BOTH } }), { tap: false });
  secure = await startTestGateway(
    config({
      server: { protocol: BOTH },
      listener: {
        http: ['h2', 'http/1.1'],
        tls: { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' },
      },
    }),
    { tap: false, files: { 'tls.crt': certificate, 'tls.key': key } },
  );
  folder = await mkdtemp(join(tmpdir(), 'gatewright-transports-'));
  await writeFile(join(folder, 'gateway.yaml'), config({}));
  dispatcher = new Agent({ connect: { ca: certificate } });
});
afterAll(async () => {
  await dispatcher.close();
  await clear.close();
  await secure.close();
  await everything.close();
  await rm(folder, { recursive: true });
});

const trusting = ((url: string, init: object = {}) =>
  undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;

/** The SDK's transport speaks to whatever `WebSocket` is; this one trusts the test's certificate. */
class TrustingWebSocketTransport extends WebSocketClientTransport {
  override start(): Promise<void> {
    const { WebSocket: plain } = globalThis;
    globalThis.WebSocket = class extends SecureWebSocket {
      constructor(url: string | URL, protocols: string) {
        super(url, { protocols, dispatcher });
      }
    } as unknown as typeof plain;
    try {
      return super.start();
    } finally {
      globalThis.WebSocket = plain;
    }
  }
}

const webSocketUrl = (url: string): URL => new URL(`${url.replace(/^http/, 'ws')}/ws`);

const TRANSPORTS: readonly (readonly [string, () => Transport])[] = [
  ['streamable HTTP', () => new StreamableHTTPClientTransport(new URL(clear.audience())) as Transport],
  [
    'streamable HTTPS',
    () => new StreamableHTTPClientTransport(new URL(secure.audience()), { fetch: trusting }) as Transport,
  ],
  ['HTTP+SSE', () => new SSEClientTransport(new URL(`${clear.audience()}/sse`))],
  [
    'HTTPS+SSE',
    () =>
      new SSEClientTransport(new URL(`${secure.audience()}/sse`), {
        fetch: trusting,
        eventSourceInit: { fetch: trusting },
      }),
  ],
  ['WebSocket', () => new WebSocketClientTransport(webSocketUrl(clear.audience()))],
  ['WebSocket over TLS', () => new TrustingWebSocketTransport(webSocketUrl(secure.audience()))],
  [
    'stdio',
    () =>
      new StdioClientTransport({
        command: process.execPath,
        args: [PROGRAM, 'stdio', 'main', join(folder, 'gateway.yaml')],
        stderr: 'ignore',
      }),
  ],
];

/** What a client sees of the server through one transport. */
const seen = async (transport: Transport): Promise<object> => {
  const client = new Client({ name: 'transports', version: '1' }, { capabilities: { elicitation: {} } });
  const { ElicitRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { username: 'ada', email: 'ada@example.com' },
  }));
  const told: unknown[] = [];
  await client.connect(transport);
  // The SDK drops progress that it reads together with the response.
  const { onmessage } = transport;
  transport.onmessage = (message, extra) => {
    if ('method' in message && message.method === 'notifications/progress')
      told.push(message.params?.progress);
    onmessage?.(message, extra);
  };
  const call = (name: string, args: Record<string, unknown> = {}, onprogress?: () => void) =>
    client.callTool({ name, arguments: args }, undefined, { ...(onprogress && { onprogress }) });
  const answers = {
    tools: (await client.listTools()).tools,
    text: await call('test_simple_text'),
    error: await call('test_error_handling'),
    image: await call('test_image_content'),
    progress: await call('test_tool_with_progress', {}, () => undefined),
    asked: await call('test_elicitation', { message: 'who?' }),
    unknown: await call('nothing').catch((error: { code: number }) => error.code),
    told,
  };
  await client.close();
  return answers;
};

describe('the transports of a server', () => {
  it('[DATA-04] give the same results for the same calls, each of them', { timeout: 60_000 }, async () => {
    const [[, first], ...others] = TRANSPORTS as [(typeof TRANSPORTS)[0], ...typeof TRANSPORTS];
    const expected = await seen(first());
    expect(expected).toMatchObject({ told: [0, 50, 100], unknown: -32602 });
    expect(JSON.stringify(expected)).toContain('ada');
    for (const [name, open] of others) expect(await seen(open()), name).toEqual(expected);
  });

  it('[DATA-04] are not there unless they are turned on: 404', async () => {
    await using plain = await startTestGateway(configuration({ everything: everything.url }), { tap: false });
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'mcp',
    };
    const stream = { accept: 'text/event-stream' };
    for (const [path, method, headers] of [
      ['/sse', 'GET', stream],
      ['/messages?sessionId=x', 'POST', { 'content-type': 'application/json' }],
      ['/ws', 'GET', upgrade],
      ['/ws', 'GET', {}],
    ] as const) {
      const answer = await rawRequest(plain.url() + path, { method, headers });
      expect(answer.status, path).toBe(404);
      expect(JSON.parse(answer.text).error.data.code).toBe('not_found');
    }
    const onEndpoint = await rawRequest(plain.url(), { headers: upgrade });
    expect(onEndpoint.status).toBe(400);
  });

  it('[DATA-04] come and go with the configuration', async () => {
    await using gateway = await startTestGateway(configuration({ everything: everything.url }));
    const open = () =>
      seen(new SSEClientTransport(new URL(`${gateway.audience()}/sse`))).then(
        () => 'served',
        () => 'refused',
      );
    expect(await open()).toBe('refused');
    const over = { server: { protocol: { legacySse: true } } };
    await gateway.load(configuration({ everything: everything.url }, over));
    expect(await open()).toBe('served');
    await gateway.load(configuration({ everything: everything.url }));
    expect(await open()).toBe('refused');
  });
});
