/** What callers have open for longer than a graph serves: sessions, channels, subscriptions, calls that wait for input. */
import type { Graph, SessionsNode } from '../schema/graph/graph.ts';
import type { Principal } from '../schema/principal.ts';
import { heartbeat } from './listen/heartbeat.ts';
import type { Shedding } from './listen/shedding.ts';
import { ListReaders } from './mcp/changes/list-readers.ts';
import { EventStreamChannels } from './mcp/channel/event-stream-channel.ts';
import { ParkedCalls } from './mcp/input/parked-calls.ts';
import { LastingCallers } from './mcp/lasting-callers.ts';
import { SessionStore } from './mcp/legacy/session-store.ts';
import { ListenStreams } from './mcp/modern/listen-streams.ts';
import type { PreparedServer } from './mcp/server.ts';
import type { Counts } from './state/counts.ts';
import type { OnceCache } from './state/once-cache.ts';
import type { OpenMemories } from './workers/messages.ts';

/** Bounds until the first graph is served. */
const NO_ROOM = { idleMs: 0, absoluteMs: 0, max: 0, maxPerPrincipal: 0 };

interface LastingWorkOptions {
  /** Names this one in what it seals. */
  readonly self: string;
  /** Where threads count together. */
  readonly counts: (what: keyof OpenMemories) => Counts;
  readonly once: OnceCache;
  readonly shedding: Shedding;
  readonly isRevoked: (principal: Principal) => boolean;
  /** Whether there is one client, over pipes, who has its session for as long as the process. */
  readonly isOverPipes: boolean;
}

export class LastingWork {
  readonly sessions: SessionStore;
  readonly channels: EventStreamChannels;
  readonly listens: ListenStreams;
  readonly parked: ParkedCalls;
  readonly lasting: LastingCallers;
  readonly listReaders = new ListReaders();
  readonly #options: LastingWorkOptions;

  constructor(options: LastingWorkOptions) {
    const { self, counts, once, shedding, isRevoked } = options;
    this.#options = options;
    this.sessions = new SessionStore(
      { ...NO_ROOM, parked: NO_ROOM },
      self,
      counts('sessions'),
      shedding.unread,
    );
    this.channels = new EventStreamChannels(NO_ROOM, counts('channels'));
    this.listens = new ListenStreams(counts('subscriptions'));
    this.parked = new ParkedCalls(NO_ROOM, self, once, counts('parked'));
    this.lasting = new LastingCallers(isRevoked);
  }

  /** Bounds of the graph that is about to serve. */
  rebound(graph: Graph): void {
    const { sessions } = graph;
    this.sessions.rebound(this.#boundsOf(sessions));
    this.channels.rebound(sessions);
    this.parked.rebound(sessions.parked);
    this.listens.rebound(sessions.subscriptions);
  }

  /** Another graph serves: what is open goes over to it, or ends, as it says. */
  afterSwap(graph: Graph, servers: ReadonlyMap<string, PreparedServer>): void {
    this.lasting.afterSwap(graph);
    this.listens.afterSwap(servers, graph.reload);
    this.sessions.afterSwap(servers, graph.reload);
  }

  /** Ends whatever those have open who have just been revoked. */
  expelRevoked(): void {
    const { isRevoked, shedding } = this.#options;
    this.lasting.expelRevoked();
    this.parked.expelRevoked(isRevoked);
    // What is left are answers to calls that come in pieces.
    heartbeat.expelRevoked(shedding, isRevoked);
  }

  /** Streams end in order, at moments of their own within the window. */
  endStreams(windowMs: number): void {
    this.listens.endAll(windowMs);
    this.sessions.endStreams(windowMs);
  }

  async close(): Promise<void> {
    this.parked.close();
    await this.sessions.close();
  }

  #boundsOf(sessions: SessionsNode): SessionsNode {
    return this.#options.isOverPipes ? { ...sessions, absoluteMs: Number.POSITIVE_INFINITY } : sessions;
  }
}
