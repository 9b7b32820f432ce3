/** One that serves, among the other threads of its process and the other replicas of the gateway. */
import type { Graph, PeersNode } from '../../schema/graph/graph.ts';
import type { GenerationView } from '../generation.ts';
import type { ListenerObserver } from '../listen/observer.ts';
import type { Shedding } from '../listen/shedding.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { StateStore } from '../state/state-store.ts';
import { loadUndici } from '../undici.ts';
import type { ServingThread } from '../workers/serving-thread.ts';
import { Directory } from './directory.ts';
import { peerSecret } from './envelope.ts';
import { linkKey } from './link-keys.ts';
import { PeerListener } from './peer-listener.ts';
import { newReplicaId, ownerName, type Peers, replicaOf } from './peers.ts';
import { ReplicaDoor } from './replica-door.ts';
import { ReplicaPeers } from './replica-peers.ts';
import { ThreadDoor } from './thread-door.ts';
import { ThreadPeers } from './thread-peers.ts';

interface PeerNetworkOptions {
  /** Set where several threads serve. */
  readonly thread: ServingThread | undefined;
  readonly current: () => GenerationView;
  readonly observer: ListenerObserver;
  readonly shedding: Shedding;
  readonly metrics: Metrics;
  readonly log: Pick<Log, 'error'>;
}

const ALONE = 0;

export class PeerNetwork {
  /** Names this one in what it seals. */
  readonly self: string;
  readonly #options: PeerNetworkOptions;
  readonly #threads: ThreadPeers | undefined;
  readonly #listeners: PeerListener[] = [];
  #replicas: ReplicaPeers | undefined;
  #directory: Directory | undefined;
  #sealingKeys: readonly string[] = [];
  /** What envelopes of replicas are sealed with, of each key. */
  #secrets: readonly Buffer[] = [];

  constructor(options: PeerNetworkOptions) {
    this.#options = options;
    const { thread } = options;
    this.self = ownerName(thread?.replica ?? newReplicaId(), thread?.holder ?? ALONE);
    if (thread === undefined) return;
    const secret = peerSecret(thread.sealingKey);
    this.#threads = new ThreadPeers(this.self, secret);
    this.#listeners.push(this.#listener(new ThreadDoor(this.self, secret), () => [secret]));
  }

  /** Those that requests can be handed to; undefined where there can be none. */
  get peers(): Peers | undefined {
    return this.#replicas ?? this.#threads;
  }

  /** Once, before anything is served. Rejects with the system's error where an address cannot be had. */
  async open({ state, sealing }: Graph, store: StateStore | undefined): Promise<void> {
    this.rekey(sealing.keys);
    if (store !== undefined && state?.peers !== undefined)
      this.#joinReplicas(state.peers, store, state.onUnavailable);
    if (this.peers !== undefined) await loadUndici();
    for (const listener of this.#listeners) await listener.listen();
    await this.#directory?.enter();
  }

  /** Keys of the graph that serves now. */
  rekey(keys: readonly string[]): void {
    this.#sealingKeys = keys;
    this.#secrets = keys.map((key) => peerSecret(Buffer.from(key)));
  }

  /**
   * No stream is begun for others any more, and those that are open end within the window; what they send for calls and
   * sessions is still taken.
   */
  drain(windowMs: number): void {
    for (const listener of this.#listeners) listener.drain(windowMs);
  }

  /**
   * What others wait for may end within `windowMs`; what is open at the deadline is cut. Until the end others find this
   * one, for what it holds is nowhere else.
   */
  async close(windowMs: number, deadlineMs: number): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(windowMs, deadlineMs)));
    await this.#directory?.leave();
    await this.#replicas?.close();
    await this.#threads?.close();
  }

  #joinReplicas(
    { bind, advertise }: PeersNode,
    store: StateStore,
    onUnavailable: StateStore['onUnavailable'],
  ): void {
    const { thread, metrics, log } = this.#options;
    const id = replicaOf(this.self);
    const directory = new Directory({ id, address: advertise }, store, {
      onUnlisted: (replica) => this.#replicas?.unlisted(replica),
      onCount: (count) => metrics.peers.known(count),
      onRival: () =>
        log.error('another replica advertises the same address: requests for sessions of this one are lost', {
          advertise,
        }),
    });
    this.#directory = directory;
    const threads = this.#threads;
    this.#replicas = new ReplicaPeers({
      self: this.self,
      threads,
      directory,
      sealingKey: () => this.#sealingKeys[0]!,
      secret: () => this.#secrets[0]!,
      onUnavailable,
    });
    const door = new ReplicaDoor({
      bind,
      together: thread === undefined ? undefined : { port: undefined },
      keys: () => this.#sealingKeys.map((key) => linkKey(key, id)),
      onRefused: () => metrics.peers.refused(),
    });
    this.#listeners.push(this.#listener(door, () => this.#secrets));
  }

  #listener(door: ThreadDoor | ReplicaDoor, secrets: () => readonly Buffer[]): PeerListener {
    const { current, observer, shedding } = this.#options;
    return new PeerListener({ door, secrets, current, observer, shedding });
  }
}
