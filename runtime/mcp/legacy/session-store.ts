/** The sessions of legacy clients: outside the generations, bounded, found only by their own principal. */
import { randomBytes } from 'node:crypto';
import type { Admitted } from '../../../policies/identity/standing.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import type { ReloadNode, SessionsNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import type { GatewayError } from '../../errors.ts';
import { UnreadRoom } from '../../listen/unread-room.ts';
import { endSpread } from '../../spread.ts';
import type { Counts } from '../../state/counts.ts';
import type { PreparedServer } from '../server.ts';
import { OwnerQuota, ownerOf } from './owner-quota.ts';
import { Session, type SessionClient } from './session.ts';
import { openSessionId, sealSessionId } from './session-id.ts';

const SWEEP_MS = 5000;

export class SessionStore {
  /** Names what holds the sessions in the ids that it makes. */
  readonly owner: string;
  readonly #sessions = new Map<string, Session>();
  readonly #quota: OwnerQuota;
  #bounds: SessionsNode;
  /** Those that serve now. */
  #servers: ReadonlyMap<string, PreparedServer> | undefined;
  readonly #sweeper: NodeJS.Timeout;

  readonly #room: UnreadRoom;

  /**
   * @param counts where threads count together
   * @param room for what is kept for clients to come back
   */
  constructor(
    bounds: SessionsNode,
    owner: string = randomBytes(12).toString('base64url'),
    counts?: Counts,
    room = new UnreadRoom(),
  ) {
    this.owner = owner;
    this.#room = room;
    room.relieved.add((maxBytes) => {
      for (const { streams } of this.#sessions.values()) streams.relieve(maxBytes);
    });
    this.#bounds = bounds;
    this.#quota = new OwnerQuota(counts);
    this.#sweeper = setInterval(() => this.sweep(performance.now()), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Bounds of the graph that serves now. */
  rebound(bounds: SessionsNode): void {
    this.#bounds = bounds;
  }

  /**
   * A new session, or a GatewayError `too_many_sessions`.
   * @param facts what rules see of its initialize
   */
  open(admitted: Admitted, server: PreparedServer, client: SessionClient, facts: CallFacts): Session {
    const { principal, clientAddress } = admitted;
    const owner = ownerOf(principal, clientAddress);
    this.#quota.take(owner, this.#bounds);
    const binding = { principalKey: principal.key, serverName: server.node.name };
    const id = sealSessionId(server.sealer, binding, { owner: this.owner, createdMs: Date.now() });
    const session = new Session(id, admitted, owner, server, client, facts, this.#room);
    session.end = () => this.end(session);
    this.#sessions.set(id, session);
    server.lasting.add(session, server.held.graph);
    this.#followSwap(session, server);
    return session;
  }

  /** Its request may have taken longer to come than a reload: it goes by the rules that serve now. */
  #followSwap(session: Session, server: PreparedServer): void {
    const now = this.#servers?.get(session.serverName);
    if (now === server || this.#servers === undefined) return;
    if (now === undefined) this.end(session);
    else session.adopt(now);
  }

  /**
   * The session of this id, if it is this principal's on this server; knowing an id is not enough. `nowMs` is when the
   * request came.
   */
  find(id: string, principal: Principal, serverName: string, nowMs = performance.now()): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.principal.key !== principal.key || session.serverName !== serverName)
      return undefined;
    if (this.#expired(session, nowMs)) {
      this.end(session);
      return undefined;
    }
    if (nowMs > session.usedMs) session.usedMs = nowMs;
    return session;
  }

  /** Who holds the session of this id, if it was made for this principal and server, and is not one of these. */
  ownerElsewhere(id: string, principal: Principal, { sealer, node }: PreparedServer): string | undefined {
    if (this.#sessions.has(id)) return undefined;
    const origin = openSessionId(sealer, { principalKey: principal.key, serverName: node.name }, id);
    return origin === undefined || origin.owner === this.owner ? undefined : origin.owner;
  }

  /** Why an id is not found, for the log; callers are told no more than that it is not. */
  whyMissing(id: string, principal: Principal, { sealer, node }: PreparedServer): string {
    const origin = openSessionId(sealer, { principalKey: principal.key, serverName: node.name }, id);
    if (origin === undefined) return 'not an id of this caller on this server';
    const agedMs = Date.now() - origin.createdMs;
    return origin.owner === this.owner ? `ended, ${agedMs} ms old` : `held by process ${origin.owner}`;
  }

  #expired(session: Session, nowMs: number): boolean {
    const { idleMs, absoluteMs } = this.#bounds;
    const idle = nowMs - session.usedMs > idleMs && !session.busy;
    return idle || nowMs - session.createdMs > absoluteMs;
  }

  /** Ends what has expired at `nowMs`, on the clock of performance.now(). */
  sweep(nowMs: number): void {
    for (const session of this.#sessions.values()) if (this.#expired(session, nowMs)) this.end(session);
  }

  /** Ends a session; its id answers 404 from now on. */
  end(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#quota.giveBack(session.owner);
    session.leave();
    void session.close();
  }

  /**
   * Another graph serves. Sessions of servers that are gone end; the others go by its rules from now on, and those of
   * servers that changed are sent away from their GET stream within the window, so that they come back under them,
   * unless what is open is to be kept.
   */
  afterSwap(
    servers: ReadonlyMap<string, PreparedServer>,
    { drain, onPolicyChange }: Pick<ReloadNode, 'drain' | 'onPolicyChange'>,
  ): void {
    this.#servers = servers;
    for (const session of this.#sessions.values()) {
      const server = servers.get(session.serverName);
      if (server === undefined) this.end(session);
      else if (session.adopt(server) && onPolicyChange !== 'keep') {
        const untilMs = Math.random() * drain.windowMs;
        setTimeout(() => session.detachTold(drain.windowMs - untilMs), untilMs).unref();
      }
    }
  }

  /** Requests that began under a server that is over fail. */
  cut(exposures: PreparedServer['exposures'], error: GatewayError): void {
    for (const session of this.#sessions.values()) session.cut(exposures, error);
  }

  /** The GET streams of all sessions end, at moments of their own within the window; clients see an orderly close. */
  endStreams(windowMs: number): void {
    const open = [...this.#sessions.values()].filter(({ streams }) => streams.standalone.attached);
    endSpread(
      open.map(
        ({ streams }) =>
          () =>
            streams.standalone.detach(),
      ),
      windowMs,
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const open = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of open) session.leave();
    await Promise.allSettled(open.map((session) => session.close()));
  }
}
