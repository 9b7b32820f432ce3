import { request } from 'node:http';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Everything, startEverything } from '../support/everything/server.ts';

const CLIENT_INFO = { name: 'everything-test', version: '1.0.0' };
const GREETING = [{ type: 'text', text: 'Hello, Alice!' }];

let everything: Everything;
/** Settles when a session asks for the stream on which it hears of changes. */
let streamOpened: PromiseWithResolvers<void>;
beforeEach(async () => {
  streamOpened = Promise.withResolvers();
  everything = await startEverything({
    onRequest: ({ method }) => {
      if (method === 'GET') streamOpened.resolve();
    },
  });
});
afterEach(() => everything.close());

async function connectSession(): Promise<SessionClient> {
  const client = new SessionClient(CLIENT_INFO, { capabilities: { elicitation: {} } });
  await client.connect(new SessionTransport(new URL(everything.url)));
  return client;
}

async function connectModern(): Promise<ModernClient> {
  const client = new ModernClient(CLIENT_INFO, {
    capabilities: { elicitation: {} },
    versionNegotiation: { mode: { pin: '2026-07-28' } },
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(everything.url)));
  return client;
}

test('A client with a session lists the tools and calls one', async () => {
  const client = await connectSession();
  const { tools } = await client.listTools();
  expect(tools[0]?.name).toBe('test_simple_text');
  expect(await client.callTool({ name: 'test_simple_text' })).toMatchObject({
    content: [{ type: 'text', text: 'This is a simple text response for testing.' }],
  });
  expect(everything.stats).toMatchObject({ calls: { test_simple_text: 1 }, sessionsOpened: 1 });
  await client.close();
});

test('A modern client lists the same tools and calls one without a session', async () => {
  const session = await connectSession();
  const client = await connectModern();
  const names = ({ tools }: { tools: { name: string }[] }) => tools.map((tool) => tool.name);
  expect(names(await client.listTools())).toEqual(names(await session.listTools()));
  expect(await client.callTool({ name: 'test_simple_text' })).toMatchObject({
    content: [{ type: 'text', text: 'This is a simple text response for testing.' }],
  });
  expect(everything.stats.calls).toEqual({ test_simple_text: 1 });
  expect(everything.stats.sessionsOpened).toBe(1);
  await Promise.all([session.close(), client.close()]);
});

test('One tool asks for input in both eras: by a request in a session, by input_required without', async () => {
  const session = await connectSession();
  session.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Alice' } }));
  const client = await connectModern();
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Alice' } }));

  const call = { name: 'test_input_required_result_elicitation', arguments: {} };
  expect(await session.callTool(call)).toMatchObject({ content: GREETING });
  expect(everything.stats.calls[call.name]).toBe(1);
  expect(await client.callTool(call)).toMatchObject({ content: GREETING });
  expect(everything.stats.calls[call.name]).toBe(3);
  await Promise.all([session.close(), client.close()]);
});

test('A call whose stream the server closed is answered after the client resumed it', async () => {
  const client = await connectSession();
  expect(await client.callTool({ name: 'test_reconnection' })).toMatchObject({
    content: [{ type: 'text', text: 'Answered after the stream was closed.' }],
  });
  await client.close();
});

test('A session hears of a changed list and of a resource it subscribed to', async () => {
  const client = await connectSession();
  await streamOpened.promise;
  const listChanged = Promise.withResolvers<void>();
  const updated = Promise.withResolvers<string>();
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => listChanged.resolve());
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
    updated.resolve(params.uri),
  );

  await client.callTool({ name: 'test_trigger_tool_change' });
  await listChanged.promise;
  expect((await client.listTools()).tools.some((tool) => tool.name === 'test_dynamic_tool')).toBe(true);

  await client.subscribeResource({ uri: 'test://watched-resource' });
  await client.callTool({ name: 'test_trigger_resource_update', arguments: {} });
  expect(await updated.promise).toBe('test://watched-resource');
  await client.close();
});

test('A deleted session is gone', async () => {
  const client = new SessionClient(CLIENT_INFO);
  const transport = new SessionTransport(new URL(everything.url));
  await client.connect(transport);
  const headers = { 'mcp-session-id': transport.sessionId ?? '', 'mcp-protocol-version': '2025-11-25' };
  await transport.terminateSession();
  const response = await fetch(everything.url, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  expect(response.status).toBe(404);
  expect(everything.stats.sessionsClosed).toBe(1);
  await client.close();
});

test.each([{ host: 'evil.example.com' }, { origin: 'http://evil.example.com' }, { origin: 'null' }])(
  'A request with %o is refused',
  async (headers) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    request(everything.url, { method: 'POST', headers }, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end('{}');
    expect(await promise).toBe(403);
  },
);

test('The same server speaks stdio', async () => {
  const client = new SessionClient(CLIENT_INFO);
  const main = new URL('../support/everything/main.ts', import.meta.url).pathname;
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [main, '--stdio'] }));
  expect(await client.callTool({ name: 'test_simple_text' })).toMatchObject({ content: [{ type: 'text' }] });
  await client.close();
});
