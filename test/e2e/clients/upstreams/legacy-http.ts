/** The legacy server over streamable HTTP, with sessions. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { buildLegacyServer } from './legacy-server.ts';

export interface LegacyUpstream extends AsyncDisposable {
  readonly url: string;
  /** `waiting` when a call of `wait` has begun, `cancelled` when one was taken back; `released` lets them answer. */
  readonly events: EventEmitter<{ waiting: []; cancelled: []; released: [] }>;
}

export const startLegacyUpstream = async (): Promise<LegacyUpstream> => {
  const events: LegacyUpstream['events'] = new EventEmitter();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    const server = buildLegacyServer({
      onCancelled: () => void events.emit('cancelled'),
      released: async () => {
        events.emit('waiting');
        await once(events, 'released');
      },
    });
    await server.connect(transport as Transport);
    return transport;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    const transport = typeof id === 'string' ? transports.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    events,
    [Symbol.asyncDispose]: async () => {
      for (const transport of transports.values()) await transport.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
