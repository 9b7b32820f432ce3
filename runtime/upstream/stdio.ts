/** Upstreams of type `stdio`: an MCP server that is a child process. */
import type { Era, StdioUpstreamNode } from '../../schema/graph/upstream.ts';
import { GatewayError } from '../errors.ts';
import { LEGACY_VERSIONS } from './discovery.ts';
import { EraVerdicts, otherEra } from './era.ts';
import { upstreamError } from './failure.ts';
import type { LegacyOpening, Link, Upstream, UpstreamState } from './link.ts';
import type { Conversation } from './stdio/conversation.ts';
import { ProcessPool } from './stdio/process-pool.ts';
import { StdioLink } from './stdio/stdio-link.ts';
import type { Traffic } from './traffic.ts';

const SHARED = 'shared';

/** The key of a process that only answers which era is spoken; not that of any caller. */
const PROBE = 'probe';

export class StdioUpstream implements Upstream {
  readonly name: string;
  readonly #node: StdioUpstreamNode;
  readonly #traffic: Traffic;
  readonly #pool: ProcessPool;
  /** A program does not change its era while it is configured. */
  readonly #verdicts = new EraVerdicts(Number.POSITIVE_INFINITY);
  readonly #modern = new Map<Conversation, StdioLink>();
  readonly #reaper: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  constructor(node: StdioUpstreamNode, traffic: Traffic) {
    this.name = node.name;
    this.#node = node;
    this.#traffic = traffic;
    this.#pool = new ProcessPool(node, traffic);
    if (node.isolation !== SHARED)
      this.#reaper = setInterval(() => this.#reap(), node.timeouts.idleMs).unref();
  }

  eraAtHand(clientEra: Era): Era | undefined {
    const known = this.#verdicts.spoken(clientEra);
    if (known === undefined) return undefined;
    return known ? clientEra : otherEra(clientEra);
  }

  async eraFor(clientEra: Era): Promise<Era> {
    const known = this.eraAtHand(clientEra);
    if (known !== undefined) return known;
    const shared = this.#node.isolation === SHARED;
    const conversation = await this.#pool.probe(shared ? SHARED : PROBE, clientEra, this.#plainOpening());
    this.#verdicts.learn(clientEra, conversation.era === clientEra);
    this.#verdicts.learn(conversation.era, true);
    if (!shared) await this.#pool.stop(conversation);
    return conversation.era;
  }

  /** A process that is shared is there from then on; of others one is started to see that it can be. */
  async start(): Promise<void> {
    await this.eraFor('modern');
  }

  modernAtHand(isolationKey?: string): Link | undefined {
    const conversation = this.#pool.find(this.#key(isolationKey), 'modern');
    return conversation === undefined ? undefined : this.#modern.get(conversation);
  }

  async modern(isolationKey?: string): Promise<Link> {
    const conversation = await this.#conversation(this.#key(isolationKey), 'modern', this.#plainOpening());
    return this.#modern.get(conversation) ?? this.#openModern(conversation);
  }

  async legacy(opening: LegacyOpening): Promise<Link> {
    const conversation = await this.#conversation(this.#key(opening.isolationKey), 'legacy', opening);
    return new StdioLink(conversation, peerOf(conversation), (left) => this.#left(left));
  }

  state(): UpstreamState {
    const links = this.#pool.all().reduce((sum, conversation) => sum + conversation.facades.size, 0);
    return {
      breaker: this.#traffic.breakers?.upstream.state ?? 'none',
      openTools: this.#traffic.breakers?.openTools,
      inFlight: this.#traffic.inFlight,
      waiting: this.#traffic.bulkhead?.waiting,
      links,
      processes: this.#pool.pids,
      eras: this.#verdicts.eras(),
    };
  }

  close(): Promise<void> {
    clearInterval(this.#reaper);
    this.#closed ??= this.#pool.close().then(() => this.#traffic.breakers?.close());
    return this.#closed;
  }

  async #conversation(key: string, era: Era, opening: LegacyOpening): Promise<Conversation> {
    try {
      const conversation = await this.#pool.get(key, era, opening);
      this.#verdicts.learn(era, true);
      return conversation;
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'upstream_protocol') this.#verdicts.forget(era);
      throw thrown;
    }
  }

  #openModern(conversation: Conversation): StdioLink {
    for (const gone of this.#modern.keys()) if (gone.over) this.#modern.delete(gone);
    const link = new StdioLink(conversation, peerOf(conversation), () => Promise.resolve());
    this.#modern.set(conversation, link);
    return link;
  }

  /** A process that is shared outlives its links; one of a session ends with it; others when they are idle. */
  async #left(conversation: Conversation): Promise<void> {
    conversation.lastUsedMs = performance.now();
    if (this.#node.isolation === 'per-session' && conversation.facades.size === 0) {
      await this.#pool.stop(conversation);
    }
  }

  #reap(): void {
    const idleSinceMs = performance.now() - this.#node.timeouts.idleMs;
    for (const conversation of this.#pool.all()) {
      const held = conversation.era === 'legacy' && conversation.facades.size > 0;
      if (held || !conversation.idle || conversation.lastUsedMs > idleSinceMs) continue;
      this.#modern.delete(conversation);
      void this.#pool.stop(conversation);
    }
  }

  #key(isolationKey: string | undefined): string {
    if (this.#node.isolation === SHARED) return SHARED;
    if (isolationKey !== undefined && isolationKey !== SHARED) return isolationKey;
    throw new GatewayError('internal', 'internal error', {
      cause: 'a process of its own was asked for without a key',
    });
  }

  #plainOpening(): LegacyOpening {
    return {
      capabilities: {},
      clientInfo: this.#traffic.context.gateway,
      protocolVersion: LEGACY_VERSIONS[0],
      isolationKey: SHARED,
      listen: false,
      headers: [],
    };
  }
}

const peerOf = (conversation: Conversation): NonNullable<Conversation['peer']> => {
  if (conversation.peer === undefined) throw upstreamError('upstream_unavailable', 'no handshake');
  return conversation.peer;
};
