/** The conversations of one session, one with each upstream that it has used. */
import type { Link, Upstream } from '../../upstream/link.ts';

const CHANGE = /^notifications\/(?:tools|prompts|resources)\//;

/** Opens each conversation once, however many ask for it at the same time. */
export class SessionLinks {
  readonly #opening = new Map<Upstream, Promise<Link>>();
  readonly #open = new Map<Upstream, Link>();
  /** With upstreams that the server has no more, for as long as calls are under way on them. */
  readonly #leaving = new Set<Link>();
  #closed = false;

  /** Those that are up. */
  all(): Link[] {
    return [...this.#open.values()].filter(({ closed }) => !closed);
  }

  /** The conversation with `upstream`, opened by `open` if there is none. */
  get(upstream: Upstream, open: () => Promise<Link>): Promise<Link> {
    const known = this.#opening.get(upstream);
    if (known !== undefined && this.#open.get(upstream)?.closed !== true) return known;
    const opening = open();
    this.#opening.set(upstream, opening);
    opening.then(
      (link) => this.#opened(upstream, opening, link),
      () => this.#forget(upstream, opening),
    );
    return opening;
  }

  #opened(upstream: Upstream, opening: Promise<Link>, link: Link): void {
    if (this.#closed) void link.close();
    else if (this.#opening.get(upstream) === opening) this.#open.set(upstream, link);
    else {
      this.#leave(link);
      // Calls of before a reload have waited for it, and go on in this turn.
      this.settle();
    }
  }

  #forget(upstream: Upstream, opening: Promise<Link>): void {
    if (this.#opening.get(upstream) === opening) this.#opening.delete(upstream);
  }

  /** Gives up the conversations with upstreams that are not in `kept`: each ends when no call is under way on it. */
  retain(kept: ReadonlySet<Upstream>): void {
    for (const upstream of [...this.#opening.keys()]) {
      if (kept.has(upstream)) continue;
      const link = this.#open.get(upstream);
      this.#opening.delete(upstream);
      this.#open.delete(upstream);
      if (link !== undefined) this.#leave(link);
    }
    this.#endIdle();
  }

  /** A call is over: what was kept for its sake ends once the turn does. */
  settle(): void {
    if (this.#leaving.size > 0) setImmediate(() => this.#endIdle());
  }

  /** What it says of changes is not of the upstream that serves. */
  #leave(link: Link): void {
    const { onUnsolicited } = link;
    link.onUnsolicited = (text, message) => {
      if (!CHANGE.test(String(message.method))) onUnsolicited(text, message);
    };
    this.#leaving.add(link);
  }

  #endIdle(): void {
    for (const link of this.#leaving) {
      if (!link.closed && (link.activity?.().inFlight ?? 0) > 0) continue;
      this.#leaving.delete(link);
      void link.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = [...this.all(), ...this.#leaving];
    this.#opening.clear();
    this.#open.clear();
    this.#leaving.clear();
    await Promise.allSettled(links.map((link) => link.close()));
  }
}
