/** One place of an HTTP API: the connections to it, and what every request to it carries. */
import { prepareEgress } from '../../../policies/egress/egress.ts';
import { DEFAULT_WAITING } from '../../../schema/config/upstream/traffic.ts';
import type { OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';
import { AlikeEvents } from '../../alike-events.ts';
import { HttpClient } from '../client/client.ts';
import { originOf } from '../client/connect.ts';
import { fieldLines, requestLines } from '../client/request-head.ts';
import { CLOSED_BY_GATEWAY } from '../failure.ts';
import type { Traffic } from '../traffic.ts';
import type { ApiExchange } from './api-exchange.ts';
import type { ApiRequest } from './api-request.ts';
import { type EgressRefused, guardedLookup, refusedAddress } from './egress-lookup.ts';

export class ApiEndpoint {
  readonly traffic: Traffic;
  /** Tells of connections that `egress` does not allow, of whatever endpoint of the upstream. */
  readonly refusals: AlikeEvents<EgressRefused>;
  readonly #basePath: string;
  /** Credentials and `set` headers, flat. */
  readonly #headers: readonly string[];
  /** The credential in the query, encoded. */
  readonly #query: string;
  readonly #host: string;
  readonly #calls: HttpClient;
  /** For what must not wait behind calls. */
  readonly #aside: HttpClient;
  /** Set where no connection may be made at all. */
  readonly #refused: EgressRefused | undefined;

  constructor(node: OpenApiUpstreamNode, baseUrl: string, traffic: Traffic) {
    const url = new URL(baseUrl);
    const { connectMs, idleMs } = node.timeouts;
    const egress = prepareEgress(node.egress);
    this.traffic = traffic;
    this.refusals = refusalsOf(traffic);
    this.#basePath = url.pathname.replace(/\/+$/, '');
    this.#headers = fixedHeaders(node, traffic);
    this.#query = credentialQuery(node);
    this.#host = url.host;
    this.#refused = refusedAddress(egress, originOf(url).host);
    const options = { connectMs, idleMs, ca: node.tls.ca, lookup: guardedLookup(egress) };
    const { connections, waiting = DEFAULT_WAITING } = node;
    this.#calls = new HttpClient(url, { ...options, connections, waiting });
    this.#aside = new HttpClient(url, options);
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#calls.waiting;
  }

  /** Sends a request, with the caller's headers that are forwarded; no redirect is followed. */
  send(
    request: ApiRequest,
    forwarded: readonly string[],
    exchange: ApiExchange,
    caller: string | undefined,
  ): void {
    this.#send(this.#calls, request, forwarded, exchange, caller);
  }

  /** Asks for a path after the base URL, beside the calls, whether anybody is there: it is tried though nobody was. */
  check(method: 'GET' | 'HEAD', path: string, exchange: ApiExchange): void {
    this.#send(this.#aside, { method, path, headers: ['accept', '*/*'], body: null }, [], exchange);
  }

  /** Breaks whatever is in flight. */
  close(): void {
    this.#calls.close(CLOSED_BY_GATEWAY);
    this.#aside.close(CLOSED_BY_GATEWAY);
    this.refusals.flush();
  }

  #send(
    client: HttpClient,
    request: ApiRequest,
    forwarded: readonly string[],
    exchange: ApiExchange,
    caller?: string,
  ): void {
    const separator = request.path.includes('?') ? '&' : '?';
    const path = this.#basePath + request.path + (this.#query === '' ? '' : separator + this.#query);
    const { method, headers, body } = request;
    let head: string;
    try {
      if (this.#refused !== undefined) throw this.#refused;
      head =
        requestLines(method, path.startsWith('/') ? path : `/${path}`, this.#host) +
        fieldLines(this.#headers.concat(headers, forwarded));
    } catch (thrown) {
      exchange.onError(thrown as Error);
      return;
    }
    const text = { head, isHead: method === 'HEAD', body: body ?? emptyBody(method), caller };
    exchange.carriedBy(client.send({ ...text, isCheck: client === this.#aside }, exchange));
  }
}

const refusalsOf = ({ context, upstream }: Traffic): AlikeEvents<EgressRefused> =>
  new AlikeEvents({
    one: (cause) => context.log('warn', 'a connection was refused', { upstream, cause }),
    more: (cause, count) =>
      context.log('warn', 'more connections were refused alike', { upstream, cause, count }),
  });

/** Methods that give a body a meaning tell that it is empty (RFC 9110, 8.6). */
const emptyBody = (method: string): '' | null =>
  method === 'POST' || method === 'PUT' || method === 'PATCH' ? '' : null;

const credentialQuery = ({ credentials }: OpenApiUpstreamNode): string =>
  credentials?.type === 'api-key' && credentials.in === 'query'
    ? `${encodeURIComponent(credentials.name)}=${encodeURIComponent(credentials.key)}`
    : '';

const credentialHeader = ({ credentials }: OpenApiUpstreamNode): readonly string[] => {
  switch (credentials?.type) {
    case 'bearer':
      return ['authorization', `Bearer ${credentials.token}`];
    case 'basic': {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
      return ['authorization', `Basic ${pair}`];
    }
    case 'api-key':
      return credentials.in === 'header' ? [credentials.name, credentials.key] : [];
    default:
      return [];
  }
};

const fixedHeaders = (node: OpenApiUpstreamNode, { context }: Traffic): readonly string[] => {
  const credential = credentialHeader(node);
  const headers = ['accept-encoding', 'identity', ...credential];
  const { name, version } = context.gateway;
  // Many an API refuses who does not say what it is.
  if (node.headers.set['user-agent'] === undefined)
    headers.push('user-agent', `${name}/${version}`.replaceAll(/[^!-~]+/g, '-'));
  for (const [header, value] of Object.entries(node.headers.set))
    if (header !== credential[0]) headers.push(header, value);
  return headers;
};
