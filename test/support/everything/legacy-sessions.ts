import { randomUUID } from 'node:crypto';
import { isInitializeRequest, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { createEventStore } from './event-store.ts';
import { createConnectionServer } from './mcp-server.ts';
import type { EverythingWorld } from './world.ts';

/** Where a client that lost its stream is told to come back after. */
const RETRY_INTERVAL_MS = 200;

/** The sessions of clients that open with `initialize` (MCP 2025-11-25 and older, streamable HTTP). */
export interface LegacySessions extends AsyncDisposable {
  /** Serves one request; `body` is the parsed POST body, undefined where there is none or it is not JSON. */
  handle(request: Request, body: unknown): Promise<Response>;
}

export function createLegacySessions(world: EverythingWorld): LegacySessions {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();

  async function open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: RETRY_INTERVAL_MS,
      onsessioninitialized: (sessionId) => {
        world.stats.sessionsOpened += 1;
        transports.set(sessionId, transport);
      },
    });
    await createConnectionServer(world).connect(transport);
    const notifyServer = transport.onclose;
    transport.onclose = () => {
      if (transport.sessionId !== undefined && transports.delete(transport.sessionId)) {
        world.stats.sessionsClosed += 1;
      }
      notifyServer?.();
    };
    return transport;
  }

  return {
    async handle(request, body) {
      const options = body === undefined ? {} : { parsedBody: body };
      const sessionId = request.headers.get('mcp-session-id');
      if (sessionId !== null) {
        const transport = transports.get(sessionId);
        if (!transport) return refusal(404, -32001, 'Session not found');
        return transport.handleRequest(request, options);
      }
      if (!isInitializeRequest(body)) return refusal(400, -32000, 'Mcp-Session-Id header is required');
      const transport = await open();
      return transport.handleRequest(request, options);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message } }, { status });
}
