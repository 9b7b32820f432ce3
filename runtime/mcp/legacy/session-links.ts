/** The conversations of one session, one with each upstream that it has used. */
import type { Link, Upstream } from '../../upstream/link.ts';

/** Opens each conversation once, however many ask for it at the same time. */
export class SessionLinks {
  readonly #opening = new Map<Upstream, Promise<Link>>();
  readonly #open = new Map<Upstream, Link>();
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
    if (this.#closed || this.#opening.get(upstream) !== opening) void link.close();
    else this.#open.set(upstream, link);
  }

  #forget(upstream: Upstream, opening: Promise<Link>): void {
    if (this.#opening.get(upstream) === opening) this.#opening.delete(upstream);
  }

  /** Ends the conversations with upstreams that are not in `kept`. */
  retain(kept: ReadonlySet<Upstream>): void {
    for (const upstream of [...this.#opening.keys()]) {
      if (kept.has(upstream)) continue;
      const link = this.#open.get(upstream);
      this.#opening.delete(upstream);
      this.#open.delete(upstream);
      if (link !== undefined) void link.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = this.all();
    this.#opening.clear();
    this.#open.clear();
    await Promise.allSettled(links.map((link) => link.close()));
  }
}
