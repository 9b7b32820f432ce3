/** A feed of a legacy conversation that the gateway holds: what its stream tells, and what it subscribes to. */
import type { Link } from '../../upstream/link.ts';
import type { AskContext } from '../ask.ts';
import { type Filter, FLAGS } from '../modern/subscription-filter.ts';
import { Feed, type Follower } from './feed.ts';
import { holdsOf } from './holds.ts';

/** Subscriptions that are asked for at the same time. */
const MAX_AT_ONCE = 16;

export class LegacyFeed extends Feed {
  readonly #context: AskContext;
  readonly #deadlineMs: number;

  /** @param deadlineMs for each answer of the upstream */
  constructor(link: Link, context: AskContext, deadlineMs: number) {
    super(link);
    this.#context = context;
    this.#deadlineMs = deadlineMs;
  }

  async want(follower: Follower, filter: Filter): Promise<Filter> {
    const before = this.followers.get(follower)?.resourceSubscriptions ?? [];
    // From here on it is told: an upstream may tell of a change before it answers.
    this.settle(follower, filter);
    const kept = new Set(filter.resourceSubscriptions);
    this.#release(before.filter((uri) => !kept.has(uri)));
    const honoured: Filter = {};
    if (await this.#hears()) {
      for (const [flag] of FLAGS) if (filter[flag]) honoured[flag] = true;
      const uris = await this.#acquire(filter.resourceSubscriptions ?? []);
      if (uris.length > 0) honoured.resourceSubscriptions = uris;
    }
    // It may want something else by now, or nothing.
    if (this.followers.get(follower) !== filter) return {};
    this.settle(follower, honoured);
    return honoured;
  }

  leave(follower: Follower): void {
    const uris = this.followers.get(follower)?.resourceSubscriptions ?? [];
    this.forget(follower);
    this.#release(uris);
  }

  override gap(): void {
    if (this.link.hears() === false) this.lose('refused');
    else super.gap();
  }

  /** Whether what the upstream says is heard; not if that is not known in time. */
  async #hears(): Promise<boolean> {
    const hears = this.link.hears();
    if (typeof hears === 'boolean') return hears;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), this.#deadlineMs);
    void hears.then(resolve);
    const known = await promise;
    clearTimeout(timer);
    return known;
  }

  async #acquire(uris: readonly string[]): Promise<string[]> {
    const holds = holdsOf(this.link);
    const held = new Set<string>();
    const queue = [...uris];
    const work = async (): Promise<void> => {
      for (let uri = queue.shift(); uri !== undefined; uri = queue.shift())
        if (await holds.acquire(uri, this, this.link, this.#context.info, this.#deadlineMs)) held.add(uri);
    };
    await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, uris.length) }, work));
    return uris.filter((uri) => held.has(uri));
  }

  /** Gives back what no other follower wants. */
  #release(uris: readonly string[]): void {
    for (const uri of uris)
      if (!this.wants.wantsUri(uri))
        void holdsOf(this.link).release(uri, this, this.link, this.#context.info, this.#deadlineMs);
  }
}
