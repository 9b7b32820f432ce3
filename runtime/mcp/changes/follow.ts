/** One client's interest in the changes of one upstream, on whatever link that is reached by. */
import type { Link } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import type { AskContext } from '../ask.ts';
import type { Filter } from '../modern/subscription-filter.ts';
import type { Part } from '../part.ts';
import { backoffMs } from './backoff.ts';
import type { Feed, Follower } from './feed.ts';
import { feedFor } from './feeds.ts';
import { common, covers } from './wants.ts';

/** An upstream that is there again and still does not grant what it did after so many tries will not. */
const MAX_REFUSALS = 5;

/** Told what comes of it. Nothing may throw. */
export interface FollowOwner {
  readonly context: AskContext;
  onChange(follow: Follow, text: string, message: UpstreamMessage): void;
  /** Some of what is honoured may have changed unnoticed. */
  onGap(follow: Follow): void;
  /** What was honoured is not granted any more. */
  onRefused(follow: Follow): void;
}

export class Follow implements Follower {
  readonly part: Part;
  readonly #owner: FollowOwner;
  #wanted: Filter = {};
  #honoured: Filter = {};
  #feed: Feed | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(part: Part, owner: FollowOwner) {
    this.part = part;
    this.#owner = owner;
  }

  /** What the upstream has agreed to tell. */
  get honoured(): Filter {
    return this.#honoured;
  }

  /** Wants `filter` from now on; resolves to what of it can be told. Never rejects. */
  async want(filter: Filter): Promise<Filter> {
    this.#wanted = filter;
    await this.part.ready();
    const link = this.part.connected?.link;
    if (this.#closed || link === undefined) return {};
    if (this.#feed?.link !== link) this.#join(link, filter);
    const honoured = await this.#feed!.want(this, filter);
    if (this.#wanted === filter) this.#honoured = honoured;
    return this.#closed ? {} : honoured;
  }

  onChange(text: string, message: UpstreamMessage): void {
    this.#owner.onChange(this, text, message);
  }

  onGap(): void {
    this.#owner.onGap(this);
  }

  onOver(reason: 'link' | 'refused'): void {
    this.#feed = undefined;
    if (this.#closed) return;
    if (reason === 'refused') this.#owner.onRefused(this);
    else this.#rejoinLater(0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#feed?.leave(this);
    this.#feed = undefined;
  }

  #join(link: Link, filter: Filter): void {
    this.#feed?.leave(this);
    const { listMs } = this.part.exposure.upstreamNode.timeouts;
    const context = { ...this.#owner.context, headers: this.part.callerHeaders };
    this.#feed = feedFor(link, context, filter, listMs);
  }

  #rejoinLater(failures: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#rejoin(failures), backoffMs(failures)).unref();
  }

  async #rejoin(failures: number): Promise<void> {
    const held = this.#honoured;
    const honoured = await this.want(this.#wanted);
    if (this.#closed) return;
    const { connected } = this.part;
    if (connected !== undefined && covers(honoured, common(held, this.#wanted))) {
      this.#owner.onGap(this);
    } else if (connected === undefined || failures < MAX_REFUSALS) {
      this.#honoured = held;
      this.#rejoinLater(failures + 1);
    } else {
      this.#owner.onRefused(this);
    }
  }
}
