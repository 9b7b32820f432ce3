/** A server of the first SDK, 2025-11-25 at most, whose tools ask their callers; over streamable HTTP, with sessions. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type AskingEvents, buildAskingServer } from './asking-server.ts';

export interface AskingUpstream extends AsyncDisposable {
  readonly url: string;
  readonly events: AskingEvents;
  /** How often each tool was executed. */
  readonly executed: ReadonlyMap<string, number>;
  /** URLs that their user has been to. */
  readonly visited: Set<string>;
  /** The capabilities that each session was opened with. */
  readonly declared: readonly unknown[];
  /** Ids of the sessions that are open. */
  readonly sessions: ReadonlyMap<string, unknown>;
  resetCounts(): void;
  /** Forgets all sessions, as after a restart. */
  forgetSessions(): void;
}

export const startAskingUpstream = async (port = 0): Promise<AskingUpstream> => {
  const events: AskingEvents = new EventEmitter();
  const executed = new Map<string, number>();
  const visited = new Set<string>();
  const declared: unknown[] = [];
  const transports = new Map<string, StreamableHTTPServerTransport>();
  events.on('executed', (tool) => executed.set(tool, (executed.get(tool) ?? 0) + 1));
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    });
    const server = buildAskingServer({ events, visited });
    server.server.oninitialized = () => void declared.push(server.server.getClientCapabilities());
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
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    events,
    executed,
    visited,
    declared,
    sessions: transports,
    resetCounts: () => executed.clear(),
    forgetSessions: () => transports.clear(),
    [Symbol.asyncDispose]: async () => {
      for (const transport of transports.values()) await transport.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
};
