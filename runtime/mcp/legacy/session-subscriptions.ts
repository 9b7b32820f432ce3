/** The resources that a session's client has subscribed to, with what was known of it then. */
import type { CallFacts } from '../../../schema/decision.ts';
import { isWithin } from '../uri-scope.ts';

interface Subscription {
  /** As the upstream calls it. */
  readonly uri: string;
  readonly upstream: string;
  readonly facts: CallFacts;
}

/** Subscriptions of one session, at most. */
const MAX_SUBSCRIPTIONS = 1000;

/** Two upstreams may have resources of one URI. */
const keyOf = (uri: string, upstream: string): string => `${upstream}\n${uri}`;

export class SessionSubscriptions {
  readonly #subscriptions = new Map<string, Subscription>();

  /** False: there are too many. */
  add(uri: string, upstream: string, facts: CallFacts): boolean {
    const key = keyOf(uri, upstream);
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS && !this.#subscriptions.has(key)) return false;
    this.#subscriptions.set(key, { uri, upstream, facts });
    return true;
  }

  delete(uri: string, upstream: string): void {
    this.#subscriptions.delete(keyOf(uri, upstream));
  }

  /** URIs that belong to an upstream: what a new conversation with it must be told. */
  of(upstream: string): string[] {
    return [...this.#subscriptions.values()]
      .filter((held) => held.upstream === upstream)
      .map(({ uri }) => uri);
  }

  /**
   * Facts to decide by whether an update of `uri` may be told, from the subscription that covers it; undefined if
   * none of this upstream does.
   */
  factsFor(upstream: string, uri: string): CallFacts | undefined {
    for (const held of this.#subscriptions.values()) {
      if (held.upstream !== upstream || !isWithin(uri, held.uri)) continue;
      const call = { ...held.facts.call, name: uri };
      return { ...held.facts, call, resource: { uri, mimeType: '' }, nowMs: Date.now() };
    }
    return undefined;
  }
}
