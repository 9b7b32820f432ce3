/** Upstreams of type `openapi`: an HTTP API whose operations are tools. */
import type { Era, OpenApiUpstreamNode } from '../../schema/graph/upstream.ts';
import type { Traffic } from './call.ts';
import { upstreamError } from './failure.ts';
import type { Link, Upstream, UpstreamState } from './link.ts';
import { Api } from './openapi/api.ts';
import { OpenApiLink } from './openapi/openapi-link.ts';
import { loadSchemaCompiler } from './openapi/validator.ts';

export class OpenApiUpstream implements Upstream {
  readonly name: string;
  readonly #node: OpenApiUpstreamNode;
  readonly #traffic: Traffic;
  readonly #api: Api;
  #link: OpenApiLink | undefined;
  #closed = false;

  constructor(node: OpenApiUpstreamNode, traffic: Traffic) {
    this.name = node.name;
    this.#node = node;
    this.#traffic = traffic;
    this.#api = new Api(node, traffic);
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
    if (compile !== undefined) this.#link ??= new OpenApiLink(this.#node, this.#api, compile);
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
      waiting: this.#traffic.bulkhead?.waiting,
      links: this.#link === undefined ? 0 : 1,
      processes: [],
      eras: ['modern'],
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#link?.end();
    this.#api.close();
    this.#traffic.breakers?.close();
  }
}
