/** The connections to one streamable HTTP endpoint. */
import { type Dispatcher, Pool } from 'undici';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Traffic } from '../call.ts';
import { CLOSED_BY_GATEWAY } from '../failure.ts';
import { ConnectionSlots } from './connection-slots.ts';
import type { HttpExchange } from './exchange.ts';

/** Sent by the link itself; `headers.set` cannot name them. */
const OWN_HEADERS = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'transfer-encoding',
  'upgrade',
]);

/** Statuses of something in front of an endpoint that is not there, or of one that takes no calls. */
export const isOutage = (status: number): boolean => status === 502 || status === 503 || status === 504;

/**
 * Two pools to one origin. Calls share at most `connections`. What must never wait for a free connection does not:
 * streams that stay open, and the messages that calls in flight wait for (answers, cancellations). Calls that may be
 * paused are as many again at most, without those that are paused: these must not take connections from the others.
 */
export class HttpEndpoint {
  readonly traffic: Traffic;
  /** Credentials and `set` headers, flat. */
  readonly headers: readonly string[];
  /** For calls that may be paused. */
  readonly slots: ConnectionSlots;
  /** Set where there are other endpoints: told that a session of this one could not be reached. */
  onUnreached: (() => void) | undefined = undefined;
  readonly #path: string;
  readonly #calls: Pool;
  readonly #aside: Pool;

  constructor(node: HttpUpstreamNode, endpoint: string, traffic: Traffic) {
    const url = new URL(endpoint);
    const { connectMs, idleMs } = node.timeouts;
    const options: Pool.Options = {
      connect: node.tls.ca === undefined ? { timeout: connectMs } : { timeout: connectMs, ca: node.tls.ca },
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      // The call's own deadline is the only clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      // One call, one connection: a stream's flow control never holds up another call.
      allowH2: false,
    };
    this.traffic = traffic;
    this.slots = new ConnectionSlots(node.connections);
    this.#path = `${url.pathname}${url.search}`;
    this.#calls = new Pool(url.origin, { ...options, connections: node.connections });
    this.#aside = new Pool(url.origin, options);
    this.headers = fixedHeaders(node);
  }

  /** Sends a call; waits for a connection where all are in use. */
  post(headers: string[], body: string, exchange: HttpExchange): void {
    this.#calls.dispatch({ path: this.#path, method: 'POST', headers, body }, exchange);
  }

  /** Sends something that waits for nothing. */
  aside(
    method: 'GET' | 'POST' | 'DELETE',
    headers: string[],
    body: string | null,
    exchange: HttpExchange,
  ): void {
    const options: Dispatcher.DispatchOptions = { path: this.#path, method, headers, body };
    this.#aside.dispatch(options, exchange);
  }

  /** Breaks whatever is in flight. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(CLOSED_BY_GATEWAY), this.#aside.destroy(CLOSED_BY_GATEWAY)]);
  }
}

const fixedHeaders = (node: HttpUpstreamNode): readonly string[] => {
  const headers: string[] = [];
  for (const [name, value] of Object.entries(node.headers.set)) {
    const lower = name.toLowerCase();
    if (OWN_HEADERS.has(lower)) continue;
    if (lower === 'authorization' && node.bearerToken !== undefined) continue;
    headers.push(lower, value);
  }
  if (node.bearerToken !== undefined) headers.push('authorization', `Bearer ${node.bearerToken}`);
  return headers;
};
