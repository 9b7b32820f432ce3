/** The replicas of a gateway as peers, and the threads of each. */
import type { Pool } from 'undici';
import type { StateNode } from '../../schema/graph/graph.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { WebExchange } from '../listen/exchange.ts';
import { replyError } from '../listen/reply.ts';
import { undici } from '../undici.ts';
import type { Directory, Whereabouts } from './directory.ts';
import { sendOver } from './hand-over.ts';
import { readLinkAddress } from './link-address.ts';
import { linkKey } from './link-keys.ts';
import { type Peers, replicaOf } from './peers.ts';
import { callReplica, Unreached } from './replica-link.ts';

const IDLE_MS = 10_000;
/** Replicas that something is awaited from are called so often, to see whether they still are there. */
const WATCH_MS = 2000;
const RETRY_AFTER_MS = 1000;

interface ReplicaPeersOptions {
  readonly self: string;
  /** The other threads of this process, where there are any. */
  readonly threads: Peers | undefined;
  readonly directory: Directory;
  /** The one that others are called with. */
  readonly sealingKey: () => string;
  /** What envelopes are sealed with. */
  readonly secret: () => Buffer;
  readonly onUnavailable: StateNode['onUnavailable'];
}

/** Connections to one replica. */
interface Link {
  readonly pool: Pool;
  /** A call that is to show whether it is there. */
  trial: Promise<void> | undefined;
}

/** A request that waits for its owner. */
interface Errand {
  readonly exchange: WebExchange;
  readonly replica: string;
  readonly body: string | undefined;
  readonly onGone: () => void;
}

const unreachable = (cause: unknown): GatewayError =>
  new GatewayError('state_unavailable', 'what this request goes on with cannot be reached now', {
    status: 503,
    rpcCode: RPC.refused,
    retryAfterMs: RETRY_AFTER_MS,
    data: { retryAfterMs: RETRY_AFTER_MS },
    cause,
  });

export class ReplicaPeers implements Peers {
  readonly self: string;
  readonly #options: ReplicaPeersOptions;
  readonly #links = new Map<string, Link>();
  readonly #watch: NodeJS.Timeout;

  constructor(options: ReplicaPeersOptions) {
    this.self = options.self;
    this.#options = options;
    this.#watch = setInterval(() => this.#watchAll(), WATCH_MS).unref();
  }

  handOver(exchange: WebExchange, owner: string, body: string | undefined, onGone: () => void): void {
    const { self, threads, directory } = this.#options;
    const replica = replicaOf(owner);
    if (replica === replicaOf(self)) {
      if (threads === undefined) onGone();
      else threads.handOver(exchange, owner, body, onGone);
      return;
    }
    const errand = { exchange, replica, body, onGone };
    const address = directory.find(replica);
    if (address === undefined) void this.#lookFor(errand);
    else this.#send(errand, address);
  }

  /** A replica does not say any more that it is there. If it does not answer either, nobody waits for it. */
  unlisted(replica: string): void {
    const address = this.#options.directory.find(replica);
    if (address === undefined) return;
    this.#isThere(replica, address).catch((error: Error) => this.#drop(replica, error));
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all([...this.#links.values()].map(({ pool }) => pool.destroy()));
  }

  async #lookFor(errand: Errand): Promise<void> {
    const where = await this.#options.directory.look(errand.replica);
    if (errand.exchange.concluded) return;
    if (where.kind === 'at') this.#send(errand, where.address);
    else this.#endWithout(errand, where.kind, undefined);
  }

  #send(errand: Errand, address: string): void {
    const { exchange, replica, body } = errand;
    sendOver(this.#link(replica, address).pool, this.#options.secret(), exchange, body, (error) => {
      void this.#failed(errand, address, error);
    });
  }

  /** Nothing was answered: is it gone, or only out of reach? */
  async #failed(errand: Errand, address: string, error: Error): Promise<void> {
    const { replica, exchange } = errand;
    // A connection that broke says nothing of who was at its other end.
    const cause = error instanceof Unreached ? error : await this.#whyNotThere(replica, address);
    const kind = cause === undefined ? 'at' : await this.#without(replica, cause);
    if (cause !== undefined && kind === 'gone') this.#drop(replica, cause);
    if (!exchange.concluded) this.#endWithout(errand, kind, cause ?? error);
  }

  /** What can be said of a replica that was not reached. */
  async #without(replica: string, cause: Error): Promise<Whereabouts['kind']> {
    if (cause instanceof Unreached && cause.isRefused) return 'gone';
    return (await this.#options.directory.look(replica)).kind;
  }

  #endWithout({ exchange, onGone }: Errand, kind: Whereabouts['kind'], cause: Error | undefined): void {
    const isGone = kind === 'gone' || (kind === 'unknown' && this.#options.onUnavailable === 'local');
    if (isGone) onGone();
    else replyError(exchange, unreachable(cause));
  }

  #whyNotThere(replica: string, address: string): Promise<Error | undefined> {
    return this.#isThere(replica, address).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  /** Rejects if the replica does not answer a call, nor a second one where it may only have been busy. */
  #isThere(replica: string, address: string): Promise<void> {
    const link = this.#link(replica, address);
    const call = () => this.#tryCall(replica, address);
    link.trial ??= call()
      .catch((error: Unreached) => (error.isRefused ? Promise.reject(error) : call()))
      .finally(() => {
        link.trial = undefined;
      });
    return link.trial;
  }

  async #tryCall(replica: string, address: string): Promise<void> {
    const called = Promise.withResolvers<void>();
    this.#call(replica, address, (error, socket) => {
      socket?.on('error', () => undefined).destroy();
      if (error === null) called.resolve();
      else called.reject(error);
    });
    await called.promise;
  }

  #call(replica: string, address: string, callback: CallBack): void {
    const at = readLinkAddress(address);
    if (at === undefined) callback(new Unreached(`no address: ${address}`), null);
    else callReplica(at, linkKey(this.#options.sealingKey(), replica), callback);
  }

  /** Cuts off what is awaited of replicas that do not answer any more. */
  #watchAll(): void {
    for (const [replica, { pool }] of this.#links) {
      const address = this.#options.directory.find(replica);
      if (pool.stats.running === 0 || address === undefined) continue;
      this.#isThere(replica, address).catch((error: Error) => this.#cut(replica, error));
    }
  }

  #drop(replica: string, cause: Error): void {
    this.#options.directory.forget(replica);
    this.#cut(replica, cause);
  }

  #cut(replica: string, cause: Error): void {
    const link = this.#links.get(replica);
    this.#links.delete(replica);
    void link?.pool.destroy(cause);
  }

  #link(replica: string, address: string): Link {
    const known = this.#links.get(replica);
    if (known !== undefined) return known;
    const pool = new (undici().Pool)('http://replica', {
      connect: (_, callback) => this.#call(replica, address, callback as CallBack),
      keepAliveTimeout: IDLE_MS,
      // Streams last for as long as they do.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const link = { pool, trial: undefined };
    this.#links.set(replica, link);
    return link;
  }
}

type CallBack = Parameters<typeof callReplica>[2];
