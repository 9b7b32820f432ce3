/** A server of the second SDK that speaks one revision alone, and says in it all that it knows. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Revision } from '../../../support/message-schema.ts';

export interface OneRevision extends AsyncDisposable {
  readonly revision: Revision;
  readonly url: string;
}

type Content = { type: 'text'; text: string } | { type: 'audio'; data: string; mimeType: string } | Link;
interface Link {
  readonly type: 'resource_link';
  readonly uri: string;
  readonly name: string;
}

/** What a tool of this revision answers with. */
const contentOf = (revision: Revision, said: string): Content[] => {
  const content: Content[] = [{ type: 'text', text: `${revision} heard ${said}` }];
  if (revision >= '2025-03-26') content.push({ type: 'audio', data: 'AAAA', mimeType: 'audio/wav' });
  if (revision >= '2025-06-18')
    content.push({ type: 'resource_link', uri: `note://${revision}`, name: 'note' });
  return content;
};

const registerTool = (server: McpServer, revision: Revision): void => {
  const inputSchema = z.object({ said: z.string() });
  if (revision < '2025-06-18') {
    server.registerTool('hear', { inputSchema }, ({ said }) => ({ content: contentOf(revision, said) }));
    return;
  }
  const config = { title: 'Hear', inputSchema, outputSchema: z.object({ said: z.string() }) };
  server.registerTool('hear', config, ({ said }) => ({
    content: contentOf(revision, said),
    structuredContent: { said },
  }));
};

const buildServer = (revision: Revision): McpServer => {
  const server = new McpServer(
    { name: `only-${revision}`, version: '1.0.0' },
    { supportedProtocolVersions: [revision] },
  );
  registerTool(server, revision);
  server.registerResource('note', `note://${revision}`, {}, (uri) => ({
    contents: [{ uri: uri.href, text: `A note of ${revision}.` }],
  }));
  server.registerPrompt('greet', { argsSchema: z.object({ name: z.string() }) }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `${revision} greets ${name}` } }],
  }));
  return server;
};

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const legacy = (revision: Revision): Serve => {
  const transports = new Map<string, NodeStreamableHTTPServerTransport>();
  const open = async (): Promise<NodeStreamableHTTPServerTransport> => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    await buildServer(revision).connect(transport);
    return transport;
  };
  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const transport = typeof id === 'string' ? transports.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  };
};

const modern = (revision: Revision): Serve => {
  const handle = toNodeHandler(createMcpHandler(() => buildServer(revision), { legacy: 'reject' }));
  return async (request, response) => void (await handle(request as NodeIncomingMessageLike, response));
};

export const startOneRevision = async (revision: Revision): Promise<OneRevision> => {
  const serve = (revision === '2026-07-28' ? modern : legacy)(revision);
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    revision,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
