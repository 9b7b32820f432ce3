/** Upstreams of type `http`: an MCP server behind streamable HTTP. */
import type { Era, HttpUpstreamNode } from '../../schema/graph/upstream.ts';
import { GatewayError } from '../errors.ts';
import { ask } from './ask.ts';
import type { UpstreamContext } from './context.ts';
import { type Discovered, discoverRequest, MODERN_VERSION, readDiscover } from './discovery.ts';
import { type Endpoints, endpointsOf, type Member } from './endpoints.ts';
import { EraVerdicts, otherEra } from './era.ts';
import { upstreamError } from './failure.ts';
import { askEndpoint } from './http/ask-endpoint.ts';
import { BalancedCall } from './http/balanced-call.ts';
import { HttpEndpoint } from './http/endpoint.ts';
import { LegacyHttpLink } from './http/legacy-link.ts';
import { discoverCall, ModernHttpLink } from './http/modern-link.ts';
import type { LegacyOpening, Link, PeerInfo, Upstream, UpstreamState } from './link.ts';
import type { Traffic } from './traffic.ts';

export class HttpUpstream implements Upstream {
  readonly name: string;
  readonly #node: HttpUpstreamNode;
  readonly #context: UpstreamContext;
  readonly #traffic: Traffic;
  /** The only endpoint, or the first. */
  readonly #endpoint: HttpEndpoint;
  readonly #endpoints: Endpoints<HttpEndpoint> | undefined;
  readonly #verdicts = new EraVerdicts();
  readonly #sessions = new Set<LegacyHttpLink>();
  #modern: ModernHttpLink | undefined;
  #discovering: Promise<Discovered> | undefined;
  #probing: Promise<boolean> | undefined;
  #closed = false;

  constructor(node: HttpUpstreamNode, context: UpstreamContext, traffic: Traffic) {
    this.name = node.name;
    this.#node = node;
    this.#context = context;
    this.#traffic = traffic;
    this.#endpoints = endpointsOf(node, traffic, {
      make: (url) => new HttpEndpoint(node, url, traffic),
      ask: askEndpoint,
      onUnhealthy: (endpoint) => this.#leave(endpoint),
    });
    if (this.#endpoints !== undefined && this.#endpoints.members.length > 1)
      for (const { endpoint, health } of this.#endpoints.members)
        endpoint.onUnreached = () => health.failed();
    this.#endpoint = this.#endpoints?.first ?? new HttpEndpoint(node, node.endpoints[0]!, traffic);
  }

  eraAtHand(clientEra: Era): Era | undefined {
    if (this.#node.era !== 'match-client') return this.#node.era;
    const known = this.#verdicts.spoken(clientEra);
    if (known === undefined) return undefined;
    if (this.#verdicts.stale(clientEra)) this.#refresh(clientEra);
    return known ? clientEra : otherEra(clientEra);
  }

  async eraFor(clientEra: Era, callerHeaders: readonly string[] = []): Promise<Era> {
    const known = this.eraAtHand(clientEra);
    if (known !== undefined) return known;
    if (await this.#speaks(clientEra, callerHeaders)) return clientEra;
    if (clientEra === 'legacy' && !(await this.#speaks('modern', callerHeaders))) {
      throw upstreamError('upstream_protocol', 'neither era is spoken');
    }
    return otherEra(clientEra);
  }

  modernAtHand(): Link | undefined {
    if (this.#modern !== undefined && this.#verdicts.stale('modern')) this.#refresh('modern');
    return this.#modern;
  }

  async modern(_isolationKey?: string, callerHeaders: readonly string[] = []): Promise<Link> {
    const link = this.modernAtHand();
    if (link !== undefined) return link;
    const found = await this.#discover(callerHeaders);
    if (found.kind !== 'modern') throw upstreamError('upstream_protocol', `discovered: ${found.kind}`);
    this.#modern ??= this.#openModern(found.peer);
    return this.#modern;
  }

  async legacy(opening: LegacyOpening): Promise<Link> {
    this.#assertOpen();
    try {
      const onEnd = (ended: LegacyHttpLink): unknown => this.#sessions.delete(ended);
      const link = await this.#onAny(
        opening.caller,
        (endpoint, mayMove) => LegacyHttpLink.open(endpoint, mayMove, opening, onEnd),
        opening.wanted,
      );
      if (this.#closed) {
        await link.close();
        this.#assertOpen();
      }
      this.#sessions.add(link);
      this.#verdicts.learn('legacy', true);
      return link;
    } catch (thrown) {
      if (isEvidence(thrown)) this.#verdicts.forget('legacy');
      throw thrown;
    }
  }

  state(): UpstreamState {
    return {
      breaker: this.#traffic.breakers?.upstream.state ?? 'none',
      openTools: this.#traffic.breakers?.openTools,
      inFlight: this.#traffic.inFlight,
      waiting: (this.#traffic.bulkhead?.waiting ?? 0) + (this.#endpoints ?? this.#endpoint).waiting,
      links: this.#sessions.size + (this.#modern === undefined ? 0 : 1),
      processes: [],
      eras: this.#node.era === 'match-client' ? this.#verdicts.eras() : [this.#node.era],
      endpoints: this.#endpoints?.state(),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#dropModern('closed');
    (this.#endpoints ?? this.#endpoint).close();
    this.#traffic.breakers?.close();
  }

  #openModern(peer: PeerInfo): ModernHttpLink {
    const endpoints = this.#endpoints;
    const contradicted = (): void => {
      this.#verdicts.forget('modern');
      // It has changed: that it did not speak the other one tells nothing any more.
      if (this.#verdicts.spoken('legacy') === false) this.#verdicts.forget('legacy');
      this.#dropModern('answers as a server of the other era');
    };
    return endpoints === undefined
      ? new ModernHttpLink(this.#endpoint, peer, contradicted)
      : new ModernHttpLink(
          this.#endpoint,
          peer,
          contradicted,
          (...parts) => new BalancedCall(endpoints, ...parts),
        );
  }

  /** Sessions end with their endpoint; they are opened elsewhere when they are next wanted. */
  #leave(endpoint: HttpEndpoint): void {
    for (const session of this.#sessions)
      if (session.endpoint === endpoint)
        session.gone(upstreamError('upstream_unavailable', 'the endpoint of the session is not healthy'));
  }

  /** Does at one endpoint what can be done at any; at each in turn, until one of them is there or nobody wants it. */
  async #onAny<T>(
    key: string | undefined,
    work: (endpoint: HttpEndpoint, mayMove: boolean) => Promise<T>,
    wanted?: AbortSignal,
  ): Promise<T> {
    const endpoints = this.#endpoints;
    if (endpoints === undefined) return work(this.#endpoint, false);
    const tried = new Set<Member<HttpEndpoint>>();
    for (;;) {
      const member = endpoints.choose(key, tried, true);
      tried.add(member);
      try {
        const done = await work(member.endpoint, tried.size < endpoints.members.length);
        member.health.succeeded();
        return done;
      } catch (thrown) {
        if (!isOutageOf(thrown)) throw thrown;
        member.health.failed();
        if (tried.size === endpoints.members.length || wanted?.aborted === true) throw thrown;
      }
    }
  }

  #dropModern(cause: string): void {
    const link = this.#modern;
    this.#modern = undefined;
    link?.end(upstreamError('upstream_unavailable', cause));
  }

  #refresh(era: Era): void {
    if (this.#closed || (era === 'modern' ? this.#discovering : this.#probing) !== undefined) return;
    this.#speaks(era, []).catch(() => this.#verdicts.postpone(era));
  }

  async #speaks(era: Era, callerHeaders: readonly string[]): Promise<boolean> {
    if (era === 'modern') return (await this.#discover(callerHeaders)).kind === 'modern';
    this.#probing ??= this.#probeLegacy(callerHeaders).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  #discover(callerHeaders: readonly string[]): Promise<Discovered> {
    this.#discovering ??= this.#askDiscover(callerHeaders).finally(() => {
      this.#discovering = undefined;
    });
    return this.#discovering;
  }

  async #askDiscover(callerHeaders: readonly string[]): Promise<Discovered> {
    this.#assertOpen();
    let found: Discovered;
    try {
      found = await this.#discoverOnce(callerHeaders);
      // The version asked for is among those that a refusal names: it may have been a passing fault.
      if (found.kind === 'other-revision' && found.versions.includes(MODERN_VERSION)) {
        found = await this.#discoverOnce(callerHeaders);
      }
    } catch (thrown) {
      if (!isEvidence(thrown)) throw thrown;
      found = { kind: 'legacy' };
    }
    this.#verdicts.learn('modern', found.kind === 'modern');
    if (found.kind !== 'modern') this.#dropModern('no longer speaks the era');
    else if (this.#modern !== undefined) this.#modern.peer = found.peer;
    return found;
  }

  async #discoverOnce(callerHeaders: readonly string[]): Promise<Discovered> {
    const id = 0;
    const request = {
      id,
      method: 'server/discover',
      body: discoverRequest(id, this.#context.gateway),
      headers: ['mcp-method', 'server/discover', ...callerHeaders],
      idempotent: true,
    };
    const answer = await this.#onAny(undefined, (endpoint, mayMove) =>
      ask((sink) => discoverCall(endpoint, { ...request, mayMove }, sink)),
    );
    return readDiscover(answer);
  }

  async #probeLegacy(callerHeaders: readonly string[]): Promise<boolean> {
    try {
      const link = await this.legacy({
        capabilities: {},
        clientInfo: this.#context.gateway,
        protocolVersion: '2025-11-25',
        isolationKey: 'probe',
        listen: false,
        headers: callerHeaders,
      });
      await link.close();
      return true;
    } catch (thrown) {
      if (!isEvidence(thrown)) throw thrown;
      this.#verdicts.learn('legacy', false);
      return false;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw upstreamError('shutting_down', 'closed');
  }
}

/** Whether a failure tells that an endpoint is not there. */
const isOutageOf = (thrown: unknown): boolean =>
  thrown instanceof GatewayError &&
  (thrown.code === 'upstream_timeout' ||
    (thrown.code === 'upstream_unavailable' && thrown.cause instanceof Error));

/** Whether a failure tells something about the era: the upstream answered, and answered otherwise. */
const isEvidence = (thrown: unknown): boolean =>
  thrown instanceof GatewayError && thrown.code === 'upstream_protocol';
