/** What one link tells of changes, for all who follow it. */
import type { Link } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import type { Filter } from '../modern/subscription-filter.ts';
import { Wants } from './wants.ts';

/** One who follows a feed. Nothing that it is told may throw. */
export interface Follower {
  /** A change that it asked for, or a part of a resource that it asked for, as the upstream told it. */
  onChange(text: string, message: UpstreamMessage): void;
  /** Changes may have been missed; the feed goes on. */
  onGap(): void;
  /**
   * The feed is over for this follower. `link`: with its link, another may have what was asked for. `refused`: the
   * upstream is there, and does not grant any more what it granted.
   */
  onOver(reason: 'link' | 'refused'): void;
}

/** Feeds differ by how an upstream is asked; whom a change concerns is the same for all. */
export abstract class Feed {
  readonly link: Link;
  protected readonly followers = new Map<Follower, Filter>();
  protected readonly wants = new Wants<Follower>();

  constructor(link: Link) {
    this.link = link;
  }

  /** Whether nobody follows. */
  get idle(): boolean {
    return this.followers.size === 0;
  }

  /**
   * From now on `follower` wants `filter`, in place of what it wanted before. Resolves, when the upstream has
   * agreed, refused or taken too long, to what can be told; never rejects. What comes in between is told already.
   */
  abstract want(follower: Follower, filter: Filter): Promise<Filter>;

  /** `follower` wants nothing any more and is told nothing. */
  abstract leave(follower: Follower): void;

  /** Hands a change on to those whom it concerns. */
  take(text: string, message: UpstreamMessage): void {
    for (const follower of this.wants.concerned(message)) follower.onChange(text, message);
  }

  /** Changes may have been missed. */
  gap(): void {
    for (const follower of [...this.followers.keys()]) follower.onGap();
  }

  /** Ends the feed for all. */
  lose(reason: 'link' | 'refused'): void {
    for (const follower of [...this.followers.keys()]) this.drop(follower, reason);
  }

  protected drop(follower: Follower, reason: 'link' | 'refused'): void {
    this.leave(follower);
    follower.onOver(reason);
  }

  protected settle(follower: Follower, filter: Filter): void {
    this.forget(follower);
    this.followers.set(follower, filter);
    this.wants.add(follower, filter);
  }

  protected forget(follower: Follower): void {
    const held = this.followers.get(follower);
    if (held === undefined) return;
    this.wants.delete(follower, held);
    this.followers.delete(follower);
  }
}
