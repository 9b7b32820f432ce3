/**
 * A process of its own: what one gets by composing a server and a client of the official SDK for 2026-07-28, one client
 * for all requests. Argument: the upstream's port. Prints its own.
 */
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { ENDPOINT_PATH } from './call.ts';

const INFO = { name: 'sdk-composed', version: '2.0.0' };
const upstream = new URL(`http://127.0.0.1:${process.argv[2]}${ENDPOINT_PATH}`);

const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } });
await client.connect(new StreamableHTTPClientTransport(upstream));

const compose = (): Server => {
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => client.listTools());
  server.setRequestHandler('tools/call', ({ params }) => client.callTool(params));
  return server;
};

const handler = createMcpHandler(compose, { legacy: 'reject', responseMode: 'json' });
const serve = toNodeHandler(handler);
const server = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
