/** Everything that lives longer than a generation, shared by fingerprint: what a reload leaves alone stays as it is. */
import type { PreparedPolicy } from '../policies/prepared-policy.ts';
import type { IdentityNode } from '../schema/graph/identity.ts';
import type { ConcurrencyLimitNode, CountingLimitNode } from '../schema/graph/limit.ts';
import type { ListenerNode } from '../schema/graph/listener.ts';
import type { PinNode } from '../schema/graph/pin.ts';
import type { UpstreamNode } from '../schema/graph/upstream.ts';
import type { Identity } from './identity/identity.ts';
import { openIdentity } from './identity/open-identity.ts';
import type { BoundListeners } from './listen/bound-listeners.ts';
import { createHandshakes } from './listen/handshakes.ts';
import type { GatewayInfo } from './mcp/ask.ts';
import { BridgedLinks } from './mcp/bridge/bridged-links.ts';
import type { ModernViews } from './mcp/modern/modern-views.ts';
import { Pin } from './mcp/pin.ts';
import type { PreparedServer } from './mcp/server.ts';
import type { HeldPlaces } from './observe/limit-metrics.ts';
import type { Log } from './observe/log.ts';
import { SharedObjects } from './reload/shared.ts';
import { PlaceLeases } from './state/place-leases.ts';
import type { CountingThread } from './state/shared-counts.ts';
import type { StateStore } from './state/state-store.ts';
import { concurrencyName, createConcurrencyGate } from './traffic/concurrency.ts';
import type { Counter } from './traffic/count-all.ts';
import type { LocalCounter } from './traffic/counter.ts';
import type { FairGate, Gate } from './traffic/fair-gate.ts';
import type { Filled, KeyedLimitNode } from './traffic/fill.ts';
import { Quota } from './traffic/quota.ts';
import { createRateLimiter, type RateLimiter } from './traffic/rate.ts';
import { ReplicaGate } from './traffic/replica-gate.ts';
import { SeenKeys } from './traffic/seen-keys.ts';
import { createSharedRateLimiter } from './traffic/shared-rate.ts';
import type { UpstreamContext } from './upstream/context.ts';
import type { Upstream } from './upstream/link.ts';
import { createUpstream } from './upstream/upstream.ts';

/** An upstream with the conversations that are held on it. */
export interface LiveUpstream {
  readonly upstream: Upstream;
  readonly bridged: BridgedLinks;
  close(): Promise<void>;
}

export interface LivePolicy {
  /** @throws Error for a node that the compiler would not have emitted. */
  readonly policy: PreparedPolicy;
  close(): void;
}

/** A server, less what each generation has of its own. */
export interface LiveServer
  extends Pick<
    PreparedServer,
    | 'node'
    | 'log'
    | 'views'
    | 'modernVersions'
    | 'legacyVersions'
    | 'exposures'
    | 'extensionMethods'
    | 'policies'
    | 'limits'
  > {
  close(): Promise<void>;
}

interface LiveLimiter {
  /** What counts for a limit, which may have changed in what it lets through. */
  readonly counter: (node: CountingLimitNode) => Counter;
  close(): void;
}

interface LiveGate {
  readonly gate: Gate;
  close(): void;
}

interface LiveHandshakes {
  readonly limiter: RateLimiter;
  close(): void;
}

interface LivePin {
  readonly pin: Pin;
  close(): void;
}

export class LiveObjects {
  readonly identities: SharedObjects<Identity>;
  readonly upstreams: SharedObjects<LiveUpstream>;
  readonly limiters: SharedObjects<LiveLimiter>;
  readonly gates: SharedObjects<LiveGate>;
  readonly listeners: BoundListeners;
  readonly policies: SharedObjects<LivePolicy>;
  readonly servers: SharedObjects<LiveServer>;
  readonly views: SharedObjects<ModernViews>;
  readonly pins: SharedObjects<LivePin>;
  readonly handshakes: SharedObjects<LiveHandshakes>;
  readonly #log: Log;
  readonly #context: UpstreamContext;
  /** This thread among those that count together. */
  readonly #thread: CountingThread | undefined;
  /** By name; while generations overlap, an upstream that changed is there twice, the newest last. */
  readonly #running = new Map<string, readonly Upstream[]>();
  readonly #gates = new Set<{ readonly name: string; readonly gate: Gate }>();
  /** Of two of one limit, the newest last. */
  readonly #filled = new Set<Pick<KeyedLimitNode, 'type' | 'name'> & { readonly filled: Filled }>();
  /** What this thread holds over all replicas. */
  #leases: PlaceLeases | undefined;

  constructor(log: Log, context: UpstreamContext, listeners: BoundListeners, thread?: CountingThread) {
    const onCloseError = (id: string, error: unknown): void => log.error('close failed', { id, error });
    this.identities = new SharedObjects(onCloseError);
    this.upstreams = new SharedObjects(onCloseError);
    this.limiters = new SharedObjects(onCloseError);
    this.gates = new SharedObjects(onCloseError);
    this.policies = new SharedObjects(onCloseError);
    this.servers = new SharedObjects(onCloseError);
    this.views = new SharedObjects(onCloseError);
    this.pins = new SharedObjects(onCloseError);
    this.handshakes = new SharedObjects(onCloseError);
    this.#log = log;
    this.listeners = listeners;
    this.#context = context;
    this.#thread = thread;
  }

  /** Upstreams that are up, by name; of several with one name the newest. */
  running(): ReadonlyMap<string, Upstream> {
    return new Map([...this.#running].map(([name, upstreams]) => [name, upstreams.at(-1)!]));
  }

  #forget(upstream: Upstream): void {
    const left = this.#running.get(upstream.name)!.filter((each) => each !== upstream);
    if (left.length === 0) this.#running.delete(upstream.name);
    else this.#running.set(upstream.name, left);
  }

  createIdentity(node: IdentityNode): Identity {
    const onKeysFailure = (identity: string, error: unknown): void =>
      this.#log.warn("an issuer's keys could not be fetched", { identity, error });
    return openIdentity(node, { onKeysFailure }, Date.now());
  }

  /** @param memory of what threads count together */
  createUpstream(
    node: UpstreamNode,
    info: GatewayInfo,
    memory: {
      readonly breaker?: SharedArrayBuffer | undefined;
      readonly places?: SharedArrayBuffer | undefined;
      readonly budget?: SharedArrayBuffer | undefined;
      readonly health?: SharedArrayBuffer | undefined;
    } = {},
  ): LiveUpstream {
    const shared = (part: SharedArrayBuffer) => ({ memory: part, holder: this.#thread!.holder });
    const upstream = createUpstream(node, {
      ...this.#context,
      ...(memory.breaker && { breaker: shared(memory.breaker) }),
      ...(memory.places && { places: shared(memory.places) }),
      ...(memory.budget && { budget: memory.budget }),
      ...(memory.health && { health: memory.health }),
      gateway: info,
    });
    const bridged = new BridgedLinks(upstream, node, info);
    this.#running.set(node.name, [...(this.#running.get(node.name) ?? []), upstream]);
    return {
      upstream,
      bridged,
      close: async () => {
        this.#forget(upstream);
        await bridged.close();
        await upstream.close();
      },
    };
  }

  /** @param memory where threads count together */
  createHandshakes(node: ListenerNode, memory: SharedArrayBuffer | undefined): LiveHandshakes {
    const threads = memory && { memory, holder: this.#thread!.holder };
    return { limiter: createHandshakes(node, threads), close: () => undefined };
  }

  createPin(node: PinNode): LivePin {
    return { pin: new Pin(node, this.#log), close: () => undefined };
  }

  /**
   * @param memory where threads count together, and remember together what a store said
   * @param store where replicas do
   */
  createLimiter(
    node: CountingLimitNode,
    memory: { readonly counts: SharedArrayBuffer | undefined; readonly seen: SharedArrayBuffer | undefined },
    store: StateStore | undefined,
  ): LiveLimiter {
    const { counter: local, filled } = this.#localCounter(node, memory.counts);
    if (store === undefined) return { counter: local, close: this.#remember(node, filled) };
    const seen = new SeenKeys(memory.seen, this.#thread?.holder);
    return { counter: (now) => ({ store, local: local(now), seen }), close: this.#remember(node, seen) };
  }

  /** What this thread counts for a limit, or saw of it where a store counts; undefined if nothing. */
  filled({ type, name }: KeyedLimitNode): Filled | undefined {
    return [...this.#filled].findLast((each) => each.type === type && each.name === name)?.filled;
  }

  /** Returns what forgets it. */
  #remember({ type, name }: KeyedLimitNode, filled: Filled): () => void {
    const entry = { type, name, filled };
    this.#filled.add(entry);
    return () => void this.#filled.delete(entry);
  }

  /**
   * @param memory where threads count together
   * @param store where replicas do
   */
  createGate(
    node: ConcurrencyLimitNode,
    memory: SharedArrayBuffer | undefined,
    store: StateStore | undefined,
  ): LiveGate {
    const local = createConcurrencyGate(
      memory === undefined ? undefined : { memory, holder: this.#thread!.holder },
    );
    const gate = store === undefined ? local : this.#replicaGate(node, local, store);
    const named = { name: node.name, gate };
    this.#gates.add(named);
    const forget = this.#remember(node, local.places);
    return {
      gate,
      close: () => {
        this.#gates.delete(named);
        forget();
      },
    };
  }

  #replicaGate(node: ConcurrencyLimitNode, gate: FairGate, store: StateStore): Gate {
    this.#leases ??= new PlaceLeases(store);
    return new ReplicaGate({
      gate,
      leases: this.#leases,
      onUnavailable: store.onUnavailable,
      nameOf: (key) => concurrencyName(node, key),
    });
  }

  /** Nothing is held over all replicas for longer than until then, on the clock of performance.now(). */
  endHeldBy(atMs: number): void {
    this.#leases?.endBy(atMs);
  }

  /** Gives back what is held over all replicas; resolves after `withinMs` at the latest. */
  async giveBack(withinMs: number): Promise<void> {
    await this.#leases?.close(withinMs);
  }

  /** What calls of this thread hold and wait for, by limit. */
  heldPlaces(): readonly HeldPlaces[] {
    return Array.from(this.#gates, ({ name, gate: { held, waiting } }) => ({ limit: name, held, waiting }));
  }

  #localCounter(
    node: CountingLimitNode,
    memory: SharedArrayBuffer | undefined,
  ): { readonly counter: (node: CountingLimitNode) => LocalCounter; readonly filled: Filled } {
    if (node.type === 'quota') {
      const quota = new Quota(node.windowMs, memory, this.#thread?.holder);
      return { counter: ({ count }) => quota.counter(count), filled: quota };
    }
    const limiter =
      memory === undefined
        ? createRateLimiter(node)
        : createSharedRateLimiter(node, memory, this.#thread!.holder);
    return { counter: () => limiter, filled: limiter };
  }
}
