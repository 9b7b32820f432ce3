/** The connections to one streamable HTTP endpoint. */
import { DEFAULT_WAITING } from '../../../schema/config/upstream/traffic.ts';
import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import { HttpClient } from '../client/client.ts';
import { fieldLines, requestLines } from '../client/request-head.ts';
import { CLOSED_BY_GATEWAY } from '../failure.ts';
import type { OutboundRequest } from '../link.ts';
import type { Traffic } from '../traffic.ts';
import { ConnectionSlots } from './connection-slots.ts';
import type { HttpExchange } from './exchange.ts';

/** Sent by the link itself; `headers.set` cannot name them. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
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

/** Who is told nothing may answer in any coding (RFC 9110, 12.5.3). */
const CODINGS_LINE = 'accept-encoding: identity\r\n';

const linesOf = new WeakMap<readonly string[], string>();

/** The field lines of headers that are used again and again. */
const sharedLines = (headers: readonly string[]): string => {
  const known = linesOf.get(headers);
  if (known !== undefined) return known;
  const lines = fieldLines(headers);
  linesOf.set(headers, lines);
  return lines;
};

/**
 * Two clients of one origin. Calls share at most `connections`. What must never wait for a free connection does not:
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
  readonly #target: string;
  readonly #host: string;
  /** The first lines of a call's head. */
  readonly #postLines: string;
  readonly #calls: HttpClient;
  readonly #aside: HttpClient;

  constructor(node: HttpUpstreamNode, endpoint: string, traffic: Traffic) {
    const url = new URL(endpoint);
    const { connectMs, idleMs } = node.timeouts;
    const options = { connectMs, idleMs, ca: node.tls.ca };
    this.traffic = traffic;
    const { connections, waiting = DEFAULT_WAITING } = node;
    this.slots = new ConnectionSlots(connections, waiting);
    this.#target = `${url.pathname}${url.search}`;
    this.#host = url.host;
    this.#postLines = requestLines('POST', this.#target, this.#host) + CODINGS_LINE;
    this.#calls = new HttpClient(url, { ...options, connections, waiting });
    this.#aside = new HttpClient(url, options);
    this.headers = fixedHeaders(node);
  }

  /** Calls that wait for a connection. */
  get waiting(): number {
    return this.slots.waiting + this.#calls.waiting;
  }

  /**
   * Sends a call; waits for a connection where all are in use, if not `isAside`. `shared` headers are an array that many
   * calls have.
   */
  post(
    shared: readonly string[],
    own: readonly string[],
    { body, caller }: Pick<OutboundRequest, 'body' | 'caller'>,
    exchange: HttpExchange,
    isAside: boolean,
  ): void {
    let head: string;
    try {
      head = this.#postLines + sharedLines(shared) + fieldLines(own);
    } catch (thrown) {
      exchange.onError(thrown as Error);
      return;
    }
    const client = isAside ? this.#aside : this.#calls;
    exchange.carriedBy(client.send({ head, isHead: false, body, caller }, exchange));
  }

  /** Sends something that waits for nothing. */
  aside(
    method: 'GET' | 'POST' | 'DELETE',
    headers: readonly string[],
    body: string | null,
    exchange: HttpExchange,
  ): void {
    this.#sendAside(method, headers, body, exchange, false);
  }

  /** Posts what is to find out whether anybody is there: it is tried though nobody was a moment ago. */
  check(headers: readonly string[], body: string, exchange: HttpExchange): void {
    this.#sendAside('POST', headers, body, exchange, true);
  }

  /** Breaks whatever is in flight. */
  close(): void {
    this.#calls.close(CLOSED_BY_GATEWAY);
    this.#aside.close(CLOSED_BY_GATEWAY);
  }

  #sendAside(
    method: string,
    headers: readonly string[],
    body: string | null,
    exchange: HttpExchange,
    isCheck: boolean,
  ): void {
    let head: string;
    try {
      head = requestLines(method, this.#target, this.#host) + CODINGS_LINE + fieldLines(headers);
    } catch (thrown) {
      exchange.onError(thrown as Error);
      return;
    }
    exchange.carriedBy(this.#aside.send({ head, isHead: false, body, isCheck }, exchange));
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
