/** The sessions of legacy clients: outside the generations, bounded, found only by their own principal. */
import { randomBytes } from 'node:crypto';
import type { SessionsNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';
import type { PreparedServer } from '../server.ts';
import { Session, type SessionClient } from './session.ts';

const SWEEP_MS = 5000;

const tooMany = (message: string): GatewayError =>
  new GatewayError('too_many_sessions', message, { status: 503, rpcCode: RPC.limited, retryAfterMs: 30_000 });

/** Who sessions are counted for: anonymous callers are told apart by address, so that one cannot lock out the others. */
const ownerOf = (principal: Principal, address: string): string =>
  principal.kind === 'anonymous' ? `${principal.key}@${address}` : principal.key;

export class SessionStore {
  readonly #sessions = new Map<string, Session>();
  #bounds: SessionsNode;
  readonly #sweeper: NodeJS.Timeout;

  constructor(bounds: SessionsNode) {
    this.#bounds = bounds;
    this.#sweeper = setInterval(() => this.sweep(performance.now()), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Bounds of the graph that serves now. */
  rebound(bounds: SessionsNode): void {
    this.#bounds = bounds;
  }

  /** A new session, or a GatewayError `too_many_sessions`. */
  open(principal: Principal, address: string, server: PreparedServer, client: SessionClient): Session {
    if (this.#sessions.size >= this.#bounds.max) throw tooMany('too many sessions');
    let own = 0;
    const owner = ownerOf(principal, address);
    for (const session of this.#sessions.values()) if (session.owner === owner) own += 1;
    if (own >= this.#bounds.maxPerPrincipal) throw tooMany('too many sessions of this caller');
    const session = new Session(randomBytes(32).toString('base64url'), principal, owner, server, client);
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The session of this id, if it is this principal's on this server; knowing an id is not enough. */
  find(id: string, principal: Principal, serverName: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.principal.key !== principal.key || session.serverName !== serverName)
      return undefined;
    const nowMs = performance.now();
    if (this.#expired(session, nowMs)) {
      this.end(session);
      return undefined;
    }
    session.usedMs = nowMs;
    return session;
  }

  #expired(session: Session, nowMs: number): boolean {
    const { idleMs, absoluteMs } = this.#bounds;
    const idle = !session.busy && nowMs - session.usedMs > idleMs;
    return idle || nowMs - session.createdMs > absoluteMs;
  }

  /** Ends what has expired at `nowMs`, on the clock of performance.now(). */
  sweep(nowMs: number): void {
    for (const session of this.#sessions.values()) if (this.#expired(session, nowMs)) this.end(session);
  }

  /** Whether any session is subscribed to a resource, whatever upstream it belongs to. */
  isSubscribed(uri: string): boolean {
    for (const session of this.#sessions.values()) if (session.subscriptions.has(uri)) return true;
    return false;
  }

  /** Ends a session; its id answers 404 from now on. */
  end(session: Session): void {
    this.#sessions.delete(session.id);
    void session.close();
  }

  /**
   * Another graph serves. Sessions of servers that are gone end; the others go by its rules from now on, and those of
   * servers that changed are sent away from their GET stream within `windowMs`, so that they come back under them.
   */
  afterSwap(servers: ReadonlyMap<string, PreparedServer>, windowMs: number): void {
    for (const session of this.#sessions.values()) {
      const server = servers.get(session.serverName);
      if (server === undefined) this.end(session);
      else if (session.adopt(server))
        setTimeout(() => session.streams.standalone.detach(), Math.random() * windowMs).unref();
    }
  }

  /** The GET streams of all sessions end; clients see an orderly close. */
  endStreams(): void {
    for (const session of this.#sessions.values()) session.streams.standalone.detach();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const open = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(open.map((session) => session.close()));
  }
}
