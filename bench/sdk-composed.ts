/**
 * A process of its own: what one gets by composing a server and a client of the official SDK, one pair a session.
 * Argument: the upstream's port. Prints its own.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { ENDPOINT_PATH } from './call.ts';

const INFO = { name: 'sdk-composed', version: '1.0.0' };
const upstream = new URL(`http://127.0.0.1:${process.argv[2]}${ENDPOINT_PATH}`);
const sessions = new Map<string, StreamableHTTPServerTransport>();

const open = async (): Promise<StreamableHTTPServerTransport> => {
  const client = new Client(INFO);
  await client.connect(new StreamableHTTPClientTransport(upstream) as Transport);
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => client.listTools());
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params));
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  await server.connect(transport as Transport);
  return transport;
};

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const id = request.headers['mcp-session-id'];
  const transport = typeof id === 'string' ? sessions.get(id) : await open();
  if (transport === undefined) response.writeHead(404).end();
  else await transport.handleRequest(request, response);
};

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
