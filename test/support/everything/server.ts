import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toWebRequest } from '@modelcontextprotocol/node';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import { createLegacySessions, type LegacySessions } from './legacy-sessions.ts';
import { createRequestServer } from './mcp-server.ts';
import { writeResponse } from './node-response.ts';
import { answerTasks } from './tasks/task-surface.ts';
import {
  countArrivals,
  createWorld,
  type EverythingStats,
  type EverythingWorld,
  type Extension,
} from './world.ts';

export interface EverythingOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Address to bind, 127.0.0.1 by default. */
  readonly host?: string;
  /**
   * How modern results travel: JSON unless something precedes them (`auto`, the default), or always SSE. The
   * suite's server-stateless passes with `auto` only: a stream has no HTTP status left for an error.
   */
  readonly responseMode?: 'auto' | 'sse';
  /** Both by default; what belongs to another is answered as a server that never heard of it does. */
  readonly eras?: readonly ('modern' | 'legacy')[];
  readonly extend?: Extension;
  /** Sees each HTTP request as it arrives, before anything is refused. */
  readonly onRequest?: (request: { readonly method: string; readonly headers: IncomingHttpHeaders }) => void;
}

/** A running fixture server. */
export interface Everything extends AsyncDisposable {
  /** The MCP endpoint, `http://127.0.0.1:<port>/mcp`. */
  readonly url: string;
  readonly stats: EverythingStats;
  /** Ends all sessions, streams and connections. */
  close(): Promise<void>;
}

/**
 * Starts an MCP server with the names, URIs and schemas that the official conformance suite calls for.
 * One endpoint serves 2026-07-28 without sessions, and 2025-11-25 and older with them.
 */
export async function startEverything(options: EverythingOptions = {}): Promise<Everything> {
  const host = options.host ?? '127.0.0.1';
  const world = createWorld(options.extend);
  const eras = options.eras ?? ['modern', 'legacy'];
  const sessions = createLegacySessions(world);
  const modern = createMcpHandler(() => createRequestServer(world), {
    legacy: 'reject',
    responseMode: options.responseMode ?? 'auto',
  });
  publishChanges(world, modern);

  const server = createServer((request, response) => {
    options.onRequest?.({ method: request.method ?? '', headers: request.headers });
    serve(request, response, { world, modern, sessions, host, eras }).catch(() => response.destroy());
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(options.port ?? 0, host, resolve);
  await listening;

  const close = async () => {
    await Promise.all([modern.close(), sessions[Symbol.asyncDispose]()]);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  const { port } = server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${authority}:${port}/mcp`, stats: world.stats, close, [Symbol.asyncDispose]: close };
}

interface Serving {
  readonly world: EverythingWorld;
  readonly modern: McpHttpHandler;
  readonly sessions: LegacySessions;
  readonly host: string;
  readonly eras: readonly ('modern' | 'legacy')[];
}

async function serve(incoming: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  const request = await toWebRequest(incoming as NodeIncomingMessageLike, undefined, {
    signal: disconnected.signal,
  });
  const answer = refuse(request, serving.host) ?? (await dispatch(request, serving));
  await writeResponse(answer, response);
}

function refuse(request: Request, host: string): Response | undefined {
  if (new URL(request.url).pathname !== '/mcp') return new Response(null, { status: 404 });
  return (
    hostHeaderValidationResponse(request, [...localhostAllowedHostnames(), host]) ??
    originValidationResponse(request, [...localhostAllowedOrigins(), host])
  );
}

async function dispatch(request: Request, { world, modern, sessions, eras }: Serving): Promise<Response> {
  const body = await parsedBody(request);
  countArrivals(world.stats, body);
  const isLegacy = eras.length === 2 ? await isLegacyRequest(request) : eras[0] === 'legacy';
  if (isLegacy) return sessions.handle(request, body);
  return answerTasks(request, body, world.tasks) ?? modern.fetch(request);
}

/** The JSON of a POST, undefined for anything else; the request itself stays readable. */
async function parsedBody(request: Request): Promise<unknown> {
  if (request.method !== 'POST') return undefined;
  try {
    return await request.clone().json();
  } catch {
    return undefined;
  }
}

function publishChanges(world: EverythingWorld, modern: McpHttpHandler): void {
  world.changes
    .on('tools', () => modern.notify.toolsChanged())
    .on('prompts', () => modern.notify.promptsChanged())
    .on('resource', (uri) => modern.notify.resourceUpdated(uri));
}
