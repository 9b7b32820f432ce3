/** Upstreams of type `openapi`: an HTTP API whose operations are tools. */
import type { Era, OpenApiUpstreamNode } from '../../schema/graph/upstream.ts';
import { type Endpoints, endpointsOf } from './endpoints.ts';
import { upstreamError } from './failure.ts';
import type { Link, Upstream, UpstreamState } from './link.ts';
import { ApiCall } from './openapi/api-call.ts';
import { ApiEndpoint } from './openapi/api-endpoint.ts';
import { askFor } from './openapi/ask-endpoint.ts';
import { BalancedApiCall } from './openapi/balanced-api-call.ts';
import { OpenApiLink } from './openapi/openapi-link.ts';
import { type CompileSchema, loadSchemaCompiler } from './openapi/validator.ts';
import type { Traffic } from './traffic.ts';

export class OpenApiUpstream implements Upstream {
  readonly name: string;
  readonly #node: OpenApiUpstreamNode;
  readonly #traffic: Traffic;
  /** The only endpoint, or the first. */
  readonly #endpoint: ApiEndpoint;
  readonly #endpoints: Endpoints<ApiEndpoint> | undefined;
  #link: OpenApiLink | undefined;
  #closed = false;

  constructor(node: OpenApiUpstreamNode, traffic: Traffic) {
    this.name = node.name;
    this.#node = node;
    this.#traffic = traffic;
    this.#endpoints = endpointsOf(node, traffic, {
      make: (url) => new ApiEndpoint(node, url, traffic),
      ask: askFor(node.health?.path),
    });
    this.#endpoint = this.#endpoints?.first ?? new ApiEndpoint(node, node.endpoints[0]!, traffic);
  }

  eraAtHand(): Era {
    return 'modern';
  }

  eraFor(): Promise<Era> {
    return Promise.resolve('modern');
  }

  modernAtHand(): Link | undefined {
    return this.#link;
  }

  async modern(): Promise<Link> {
    const compile = this.#link === undefined ? await loadSchemaCompiler() : undefined;
    if (this.#closed) throw upstreamError('shutting_down', 'closed');
    if (compile !== undefined) this.#link ??= this.#openLink(compile);
    return this.#link!;
  }

  legacy(): Promise<Link> {
    return Promise.reject(upstreamError('upstream_protocol', 'an API has no legacy era'));
  }

  state(): UpstreamState {
    return {
      breaker: this.#traffic.breakers?.upstream.state ?? 'none',
      openTools: this.#traffic.breakers?.openTools,
      inFlight: this.#traffic.inFlight,
      waiting: (this.#traffic.bulkhead?.waiting ?? 0) + (this.#endpoints ?? this.#endpoint).waiting,
      links: this.#link === undefined ? 0 : 1,
      processes: [],
      eras: ['modern'],
      endpoints: this.#endpoints?.state(),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#link?.end();
    (this.#endpoints ?? this.#endpoint).close();
    this.#traffic.breakers?.close();
  }

  #openLink(compile: CompileSchema): OpenApiLink {
    const [endpoint, endpoints] = [this.#endpoint, this.#endpoints];
    return new OpenApiLink(
      this.#node,
      endpoints === undefined
        ? (...parts) => new ApiCall(endpoint, ...parts)
        : (...parts) => new BalancedApiCall(endpoints, ...parts),
      compile,
    );
  }
}
