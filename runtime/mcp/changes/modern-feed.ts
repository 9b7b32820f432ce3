/**
 * A feed of a modern upstream: one stream for all who follow. The filter of a stream is fixed, so another with a
 * wider or narrower one is open before it takes the place of the last; one that is lost is opened again.
 */
import type { Link } from '../../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import type { AskContext } from '../ask.ts';
import { noteChange, noteGap } from '../catalogues.ts';
import type { Filter } from '../modern/subscription-filter.ts';
import { backoffMs } from './backoff.ts';
import { Feed, type Follower } from './feed.ts';
import { Overlap } from './overlap.ts';
import { type ListenOwner, UpstreamListen } from './upstream-listen.ts';
import { common, covers, isEmpty } from './wants.ts';

/** How long a stream that was replaced is read on: for what it has told and nobody has read yet. */
const OVERLAP_MS = 1000;
/** More that are being read on than this are not kept. */
const MAX_RETIRING = 4;
/** What nobody wants any more is given back after so long, all of it at once. */
const NARROW_AFTER_MS = 5000;
/** Names of one kind in one stream, beyond which a follower gets a feed of its own. */
const MAX_NAMES = 1000;

interface Newcomer {
  readonly follower: Follower;
  readonly filter: Filter;
  /** What the follower has come to want since. */
  wished: Filter;
  readonly resolve: (honoured: Filter) => void;
}

export class ModernFeed extends Feed implements ListenOwner {
  readonly #context: AskContext;
  readonly #deadlineMs: number;
  readonly #overlap = new Overlap<UpstreamListen>();
  #newcomers: Newcomer[] = [];
  /** Those that the stream which is being opened is for. */
  #batch: Newcomer[] = [];
  #current: UpstreamListen | undefined;
  #opening: UpstreamListen | undefined;
  readonly #retiring = new Map<UpstreamListen, NodeJS.Timeout>();
  #retry: NodeJS.Timeout | undefined;
  #narrow: NodeJS.Timeout | undefined;
  #failures = 0;
  #isBroken = false;
  /** After a refusal that may be meant for one of several. */
  #oneByOne = false;

  /** @param deadlineMs until the upstream must have acknowledged a stream */
  constructor(link: Link, context: AskContext, deadlineMs: number) {
    super(link);
    this.#context = context;
    this.#deadlineMs = deadlineMs;
  }

  /** Whether one more follower with `filter` fits in. */
  admits(filter: Filter): boolean {
    return this.wants.hasRoom(filter, MAX_NAMES);
  }

  override get idle(): boolean {
    return super.idle && this.#newcomers.length === 0 && this.#batch.length === 0;
  }

  want(follower: Follower, filter: Filter): Promise<Filter> {
    for (const pending of this.#pendingOf(follower)) pending.wished = filter;
    if (this.#isCovered(filter)) {
      const honoured = common(filter, this.#current!.honoured);
      this.settle(follower, honoured);
      this.#narrowLater();
      return Promise.resolve(honoured);
    }
    const { promise, resolve } = Promise.withResolvers<Filter>();
    this.#newcomers.push({ follower, filter, wished: filter, resolve });
    this.#advance();
    return promise;
  }

  leave(follower: Follower): void {
    this.forget(follower);
    const gone = this.#pendingOf(follower);
    this.#newcomers = this.#newcomers.filter((each) => each.follower !== follower);
    this.#batch = this.#batch.filter((each) => each.follower !== follower);
    for (const { resolve } of gone) resolve({});
    if (this.idle) this.#close();
    else this.#narrowLater();
  }

  override lose(reason: 'link' | 'refused'): void {
    this.#close();
    for (const { resolve } of [...this.#newcomers.splice(0), ...this.#batch.splice(0)]) resolve({});
    super.lose(reason);
  }

  onAcknowledged(stream: UpstreamListen): void {
    const previous = this.#current;
    this.#opening = undefined;
    this.#current = stream;
    this.#failures = 0;
    if (previous !== undefined) this.#retire(previous);
    const wasBroken = this.#isBroken;
    this.#isBroken = false;
    const before = [...this.followers];
    for (const { follower, filter, wished, resolve } of this.#batch.splice(0)) {
      this.settle(follower, common(wished, stream.honoured));
      resolve(common(filter, stream.honoured));
    }
    if (wasBroken) {
      noteGap(this.link);
      for (const [follower, held] of before) this.#resume(follower, held, stream.honoured);
    }
    if (this.#newcomers.length === 0) this.#oneByOne = false;
    this.#advance();
  }

  onChange(stream: UpstreamListen, text: string, message: UpstreamMessage): void {
    const about = isObject(message.params) ? [message.params.uri, message.params.taskId] : [];
    if (!this.#overlap.tells(stream, `${message.method} ${JSON.stringify(about)}`, performance.now())) return;
    noteChange(this.link, String(message.method));
    this.take(text, message);
  }

  onFailed(stream: UpstreamListen, refused: boolean): void {
    this.#opening = undefined;
    this.#overlap.delete(stream, performance.now());
    if (this.link.closed) {
      this.lose('link');
      return;
    }
    const batch = this.#batch.splice(0);
    if (batch.length > 1) {
      // One of them may be what the upstream does not take: it must not spoil it for the others.
      this.#oneByOne = true;
      this.#newcomers.unshift(...batch);
    } else {
      for (const { resolve } of batch) resolve({});
      if (batch.length === 0 && refused && this.#current === undefined) {
        this.lose('refused');
        return;
      }
      if (this.#current === undefined && this.followers.size > 0) {
        this.#retryLater();
        return;
      }
    }
    if (this.idle) this.#close();
    else this.#advance();
  }

  onEnded(stream: UpstreamListen): void {
    this.#overlap.delete(stream, performance.now());
    const timer = this.#retiring.get(stream);
    if (timer !== undefined) {
      clearTimeout(timer);
      this.#retiring.delete(stream);
      return;
    }
    if (stream !== this.#current) return;
    this.#current = undefined;
    this.#isBroken = true;
    if (this.link.closed) this.lose('link');
    else if (this.#opening === undefined) this.#retryLater();
  }

  #pendingOf(follower: Follower): Newcomer[] {
    return [...this.#newcomers, ...this.#batch].filter((each) => each.follower === follower);
  }

  /** Whether the stream that is open has all of it, and the one that takes its place will have it. */
  #isCovered(filter: Filter): boolean {
    if (this.#current === undefined || !covers(this.#current.asked, filter)) return false;
    return this.#opening === undefined || covers(this.#opening.asked, filter);
  }

  /** Opens the stream that is wanted now, if there is none that is as wide. */
  #advance(): void {
    if (this.#opening !== undefined || this.#retry !== undefined) return;
    if (this.#newcomers.length === 0 && (this.#current !== undefined || this.followers.size === 0)) return;
    this.#batch = this.#newcomers.splice(0, this.#oneByOne ? 1 : this.#newcomers.length);
    this.#open(this.wants.union(this.#batch.map(({ filter }) => filter)));
  }

  #open(asked: Filter): void {
    const stream = new UpstreamListen(asked, this);
    this.#opening = stream;
    this.#overlap.add(stream);
    stream.open(this.link, this.#context, this.#deadlineMs);
  }

  /** After a gap: a follower that is not granted what it was is told so, others that they may have missed something. */
  #resume(follower: Follower, held: Filter, honoured: Filter): void {
    const now = this.followers.get(follower);
    if (now === undefined) return;
    if (now !== held || covers(honoured, held)) follower.onGap();
    else this.drop(follower, 'refused');
  }

  #retire(stream: UpstreamListen): void {
    const oldest = this.#retiring.size >= MAX_RETIRING ? this.#retiring.keys().next().value : undefined;
    if (oldest !== undefined) this.#retired(oldest);
    this.#retiring.set(
      stream,
      setTimeout(() => this.#retired(stream), OVERLAP_MS),
    );
  }

  #retired(stream: UpstreamListen): void {
    clearTimeout(this.#retiring.get(stream));
    this.#retiring.delete(stream);
    stream.close();
    this.#overlap.delete(stream, performance.now());
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (this.link.closed) this.lose('link');
      else this.#advance();
    }, backoffMs(this.#failures)).unref();
    this.#failures += 1;
  }

  #narrowLater(): void {
    this.#narrow ??= setTimeout(() => {
      this.#narrow = undefined;
      const wanted = this.wants.union();
      if (this.#current === undefined || this.#opening !== undefined || covers(wanted, this.#current.asked))
        return;
      if (isEmpty(wanted)) return;
      this.#open(wanted);
    }, NARROW_AFTER_MS).unref();
  }

  #close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#narrow);
    this.#retry = undefined;
    this.#narrow = undefined;
    this.#failures = 0;
    this.#isBroken = false;
    this.#oneByOne = false;
    for (const stream of [this.#current, this.#opening]) {
      if (stream === undefined) continue;
      stream.close();
      this.#overlap.delete(stream, performance.now());
    }
    this.#current = undefined;
    this.#opening = undefined;
    for (const stream of [...this.#retiring.keys()]) this.#retired(stream);
  }
}
