/** The conversations of one session, one with each upstream that it has used. */
import type { GatewayError } from '../../errors.ts';
import { upstreamError } from '../../upstream/failure.ts';
import type { Link, Upstream } from '../../upstream/link.ts';

const CHANGE = /^notifications\/(?:tools|prompts|resources)\//;

/** One that is being opened. */
interface Opening {
  readonly upstream: Upstream;
  readonly wanted: AbortController;
  /** When one who waits for it has waited long enough. */
  readonly lateMs: number;
}

/**
 * Opens each conversation once, however many ask for it at the same time. What is being opened is given up with the
 * session.
 */
export class SessionLinks {
  readonly #opening = new Map<Upstream, Promise<Link>>();
  readonly #open = new Map<Upstream, Link>();
  /** With upstreams that the server has no more, for as long as calls are under way on them. */
  readonly #leaving = new Set<Link>();
  readonly #openings = new Set<Opening>();
  /** Whether no request of the session waits for anything. */
  readonly #isIdle: () => boolean;
  #closed = false;

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Those that are up. */
  all(): Link[] {
    return [...this.#open.values()].filter(({ closed }) => !closed);
  }

  /**
   * The conversation with `upstream`, opened by `open` if there is none, until its signal says that nobody wants it any
   * more. Who waits for it does so for `listMs`.
   */
  get(upstream: Upstream, listMs: number, open: (wanted: AbortSignal) => Promise<Link>): Promise<Link> {
    const known = this.#opening.get(upstream);
    if (known !== undefined && this.#open.get(upstream)?.closed !== true) return known;
    if (this.#closed) return Promise.reject(unwanted());
    const wanted = new AbortController();
    const begun: Opening = { upstream, wanted, lateMs: performance.now() + listMs };
    this.#openings.add(begun);
    const opening = open(wanted.signal).finally(() => this.#openings.delete(begun));
    this.#opening.set(upstream, opening);
    opening.then(
      (link) => this.#opened(upstream, opening, link),
      () => this.#forget(upstream, opening),
    );
    return opening;
  }

  /** Who opened the session has waited long enough for what is being opened, and goes without it. */
  giveUp(): void {
    for (const { wanted } of this.#openings) wanted.abort(late());
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
    if (this.#leaving.size > 0 || this.#openings.size > 0) setImmediate(() => this.#endIdle());
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
    if (this.#openings.size > 0 && this.#isIdle())
      for (const opening of this.#openings) if (!this.#opening.has(opening.upstream)) endOpening(opening);
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
    for (const opening of this.#openings) endOpening(opening);
    await Promise.allSettled(links.map((link) => link.close()));
  }
}

const unwanted = (): GatewayError => upstreamError('upstream_unavailable', 'nobody waits for it any more');

const late = (): GatewayError => upstreamError('upstream_timeout', 'nobody waits for it any longer');

/** Whoever waited for it may have done so in vain: that it took too long is no secret of the session's. */
const endOpening = ({ wanted, lateMs }: Opening): void =>
  wanted.abort(performance.now() < lateMs ? unwanted() : late());
