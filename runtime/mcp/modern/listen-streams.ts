/** All open subscriptions/listen streams of the gateway, across generations. */
import type { Admitted } from '../../../policies/identity/standing.ts';
import { DEFAULT_SUBSCRIPTIONS } from '../../../schema/config/reload.ts';
import type { ReloadNode, SubscriptionsNode } from '../../../schema/graph/graph.ts';
import { endSpread } from '../../spread.ts';
import type { Counts } from '../../state/counts.ts';
import { OwnerQuota, ownerOf } from '../legacy/owner-quota.ts';
import type { PreparedServer } from '../server.ts';

/** One open stream. */
export interface ListenStream {
  readonly server: string;
  /** As its caller was let in. */
  readonly admitted: Admitted;
  /** Of the server that it was opened on. */
  readonly fingerprint: string;
  /** From now on this answers what its client lists; the stream may go by other rules. Before `adopt`. */
  serves(server: PreparedServer): void;
  /** From now on it goes by these rules; it ends at once where they do not grant what it was promised. */
  adopt(server: PreparedServer): void;
  /** Ends the stream with its graceful result (MCP 2026-07-28, subscriptions). */
  end(): void;
  /** Ends it when it has been told what a reload has changed, within `maxMs` at any rate. */
  endTold(maxMs: number): void;
}

const ownerOfStream = ({ admitted }: ListenStream): string =>
  ownerOf(admitted.principal, admitted.clientAddress);

/** Streams outlive the generation that they were opened in, as long as their server does not change. */
export class ListenStreams {
  readonly #quota: OwnerQuota;
  #bounds: SubscriptionsNode = DEFAULT_SUBSCRIPTIONS;
  readonly #streams = new Set<ListenStream>();
  #servers: ReadonlyMap<string, PreparedServer> | undefined;
  #closed = false;

  /** @param counts where threads count together */
  constructor(counts?: Counts) {
    this.#quota = new OwnerQuota(counts, 'subscriptions');
  }

  /** Bounds of the graph that serves now. */
  rebound(bounds: SubscriptionsNode = DEFAULT_SUBSCRIPTIONS): void {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Takes a stream in. One of a server that serves no more, because its request took longer to come than a reload,
   * ends at once: it would go on under rules that nobody would take away. Throws a GatewayError where its caller, or
   * all together, have as many as they may.
   */
  add(stream: ListenStream): void {
    this.#quota.take(ownerOfStream(stream), this.#bounds);
    this.#streams.add(stream);
    if (this.#closed || this.#isOutdated(stream)) stream.end();
  }

  remove(stream: ListenStream): void {
    if (this.#streams.delete(stream)) this.#quota.giveBack(ownerOfStream(stream));
  }

  /**
   * Another graph serves now, with these servers. Streams of servers that changed or are gone end gracefully, each
   * at a random moment within the window, so that their clients come back under the new rules; until then they are
   * told nothing that these deny. Where what is open is to be kept, they go on as they are until the deadline.
   */
  afterSwap(
    servers: ReadonlyMap<string, PreparedServer>,
    { drain, onPolicyChange }: Pick<ReloadNode, 'drain' | 'onPolicyChange'>,
  ): void {
    this.#servers = servers;
    for (const stream of this.#streams) {
      const server = servers.get(stream.server);
      if (server !== undefined) stream.serves(server);
      if (onPolicyChange !== 'keep' && server !== undefined) stream.adopt(server);
      if (!this.#isOutdated(stream)) continue;
      const untilMs = onPolicyChange === 'keep' ? drain.deadlineMs : Math.random() * drain.windowMs;
      if (server === undefined && onPolicyChange === undefined) stream.end();
      else setTimeout(() => stream.endTold(Math.max(0, drain.windowMs - untilMs)), untilMs).unref();
    }
  }

  #isOutdated({ server, fingerprint }: ListenStream): boolean {
    return this.#servers !== undefined && this.#servers.get(server)?.fingerprint !== fingerprint;
  }

  /** Ends all streams gracefully, at moments of their own within the window, and at once those that come after. */
  endAll(windowMs: number): void {
    this.#closed = true;
    const ends = Array.from(this.#streams, (stream) => () => {
      if (this.#streams.has(stream)) stream.end();
    });
    endSpread(ends, windowMs);
  }
}
