/** The feeds of all links that are up, so that clients who see the same of an upstream share one stream of it. */
import type { Link } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import type { AskContext } from '../ask.ts';
import { headersKey } from '../caller-headers.ts';
import { noteChange, noteGap } from '../catalogues.ts';
import type { Filter } from '../modern/subscription-filter.ts';
import type { Feed } from './feed.ts';
import { LegacyFeed } from './legacy-feed.ts';
import { ModernFeed } from './modern-feed.ts';

interface LinkFeeds {
  legacy: LegacyFeed | undefined;
  /** By client capabilities (JSON text) and callers' headers: what an upstream shows, and so what changes, may depend on them. */
  readonly modern: Map<string, ModernFeed[]>;
}

const byLink = new WeakMap<Link, LinkFeeds>();

const feedsOf = (link: Link): LinkFeeds => {
  const known = byLink.get(link);
  if (known !== undefined) return known;
  const made: LinkFeeds = { legacy: undefined, modern: new Map() };
  byLink.set(link, made);
  return made;
};

/** The feed of `link` for one more follower with `filter`. */
export const feedFor = (link: Link, context: AskContext, filter: Filter, deadlineMs: number): Feed => {
  const feeds = feedsOf(link);
  if (link.era === 'legacy') {
    feeds.legacy ??= new LegacyFeed(link, context, deadlineMs);
    return feeds.legacy;
  }
  const variant = context.capabilitiesText + headersKey(context.headers ?? []);
  const shared = (feeds.modern.get(variant) ?? []).filter(({ idle }) => !idle);
  const roomy = shared.find((feed) => feed.admits(filter));
  if (roomy !== undefined) return roomy;
  const feed = new ModernFeed(link, context, deadlineMs);
  for (const [text, known] of feeds.modern) if (known.every(({ idle }) => idle)) feeds.modern.delete(text);
  feeds.modern.set(variant, [...shared, feed]);
  return feed;
};

/** A link that belongs to no session tells something beside its answers: a change, perhaps. */
export const tellChange = (link: Link, text: string, message: UpstreamMessage): void => {
  if (typeof message.method !== 'string') return;
  noteChange(link, message.method);
  byLink.get(link)?.legacy?.take(text, message);
};

/** What a link told may have been missed. */
export const tellGap = (link: Link): void => {
  noteGap(link);
  byLink.get(link)?.legacy?.gap();
};

/** A link is over, whoever ended it. */
export const tellLost = (link: Link): void => byLink.get(link)?.legacy?.lose('link');

/** Whether anybody follows what a legacy link tells: then it is in use, though nothing is asked. */
export const isFollowed = (link: Link): boolean => byLink.get(link)?.legacy?.idle === false;
