/** An HTTP API: its connections, and what every request to it carries. */
import { type Dispatcher, Pool } from 'undici';
import { prepareEgress } from '../../../policies/egress/egress.ts';
import type { OpenApiUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Traffic } from '../call.ts';
import { CLOSED_BY_GATEWAY } from '../failure.ts';
import type { ApiRequest } from './api-request.ts';
import { egressConnector } from './egress-connector.ts';

export class Api {
  readonly traffic: Traffic;
  readonly #basePath: string;
  /** Credentials and `set` headers, flat. */
  readonly #headers: readonly string[];
  /** The credential in the query, encoded. */
  readonly #query: string;
  readonly #pool: Pool;

  constructor(node: OpenApiUpstreamNode, traffic: Traffic) {
    const url = new URL(node.baseUrl);
    const { connectMs, idleMs } = node.timeouts;
    const tls = node.tls.ca === undefined ? {} : { ca: node.tls.ca };
    this.traffic = traffic;
    this.#basePath = url.pathname.replace(/\/+$/, '');
    this.#headers = fixedHeaders(node, traffic);
    this.#query = credentialQuery(node);
    this.#pool = new Pool(url.origin, {
      connect: egressConnector(prepareEgress(node.egress), { timeout: connectMs, ...tls }),
      connections: node.connections,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      // The call's own deadline is the only clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
  }

  /** Sends a request, with the caller's headers that are forwarded; no redirect is followed. */
  send(request: ApiRequest, forwarded: readonly string[], handler: Dispatcher.DispatchHandler): void {
    const separator = request.path.includes('?') ? '&' : '?';
    const path = this.#basePath + request.path + (this.#query === '' ? '' : separator + this.#query);
    const headers = this.#headers.concat(request.headers, forwarded);
    // undici's list is of the methods that it knows; any token is one.
    const method = request.method as Dispatcher.HttpMethod;
    this.#pool.dispatch({ path: path === '' ? '/' : path, method, headers, body: request.body }, handler);
  }

  /** Breaks whatever is in flight. */
  close(): Promise<void> {
    return this.#pool.destroy(CLOSED_BY_GATEWAY);
  }
}

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
