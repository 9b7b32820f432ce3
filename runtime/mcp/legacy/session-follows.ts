/** The modern upstreams of a session: the gateway listens to them for its client (MCP 2026-07-28, subscriptions). */
import type { Features } from '../../../schema/graph/server.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import type { AskContext } from '../ask.ts';
import { Follow, type FollowOwner } from '../changes/follow.ts';
import { offeredFlags } from '../changes/offers.ts';
import { type Filter, FLAGS } from '../modern/subscription-filter.ts';
import { withoutSubscriptionId } from '../modern/subscription-id.ts';
import type { Part } from '../part.ts';
import type { SessionSubscriptions } from './session-subscriptions.ts';

const UPDATED = 'notifications/resources/updated';

/** What follows need of their session. */
interface FollowingSession {
  /** What is said of the client where the gateway asks for it. */
  readonly context: () => AskContext;
  readonly subscriptions: SessionSubscriptions;
  /** A change, as a client of a session is told it. */
  tellChange(upstream: string, text: string, message: UpstreamMessage): void;
}

export class SessionFollows implements FollowOwner {
  readonly #session: FollowingSession;
  readonly #follows = new Map<Part, Follow>();

  constructor(session: FollowingSession) {
    this.#session = session;
  }

  get context(): AskContext {
    return this.#session.context();
  }

  get size(): number {
    return this.#follows.size;
  }

  /**
   * Wants of a part what its client is told unasked, and what it has subscribed to by now. Resolves to what the
   * upstream grants, when it has answered; never rejects.
   */
  async refresh(part: Part, features: Features): Promise<Filter> {
    await part.ready();
    if (part.connected?.link.era !== 'modern') {
      this.#forget(part);
      return {};
    }
    const filter = offeredFlags(part, features);
    const uris = this.#session.subscriptions.of(part.exposure.upstream.name);
    if (uris.length > 0) filter.resourceSubscriptions = uris;
    let follow = this.#follows.get(part);
    if (follow === undefined) {
      follow = new Follow(part, this);
      this.#follows.set(part, follow);
    }
    return follow.want(filter);
  }

  onChange({ part }: Follow, text: string, message: UpstreamMessage): void {
    const told = withoutSubscriptionId(text);
    if (told !== undefined) this.#session.tellChange(part.exposure.upstream.name, told, message);
  }

  onGap({ part, honoured }: Follow): void {
    const { name } = part.exposure.upstream;
    const tell = (message: UpstreamMessage): void =>
      this.#session.tellChange(name, JSON.stringify({ jsonrpc: '2.0', ...message }), message);
    for (const [flag, , method] of FLAGS) if (honoured[flag]) tell({ method });
    for (const uri of honoured.resourceSubscriptions ?? []) tell({ method: UPDATED, params: { uri } });
  }

  /** A session cannot be told that a subscription is over: it is tried again with the next that is wanted. */
  onRefused({ part }: Follow): void {
    this.#forget(part);
  }

  #forget(part: Part): void {
    this.#follows.get(part)?.close();
    this.#follows.delete(part);
  }

  close(): void {
    for (const part of [...this.#follows.keys()]) this.#forget(part);
  }
}
