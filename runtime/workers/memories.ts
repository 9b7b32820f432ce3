/** Memory that counts for all threads: of limits, breakers and connections, for as long as a graph has them. */
import type { NodeId } from '../../schema/graph/graph.ts';
import type { LimitNode } from '../../schema/graph/limit.ts';
import { handshakesFingerprint, handshakesId, handshakesMemory } from '../listen/handshakes.ts';
import { socketFingerprint } from '../listen/socket-fingerprint.ts';
import type { LoadedGraph } from '../reload/reloader.ts';
import { type CountingThread, countsMemory, giveBackAll } from '../state/shared-counts.ts';
import { releaseOf } from '../state/shared-lock.ts';
import { BREAKER_BYTES } from '../traffic/breaker.ts';
import { breakerBytes, breakersIn } from '../traffic/breakers.ts';
import { concurrencyCountId } from '../traffic/concurrency.ts';
import { healthBytes } from '../traffic/health.ts';
import { recoverPlaces } from '../traffic/places.ts';
import { onePlaceMemory, placesMemory } from '../traffic/places-memory.ts';
import { quotaCountId, quotaMemory } from '../traffic/quota.ts';
import { RETRY_BUDGET_BYTES } from '../traffic/retry-budget.ts';
import { seenKeysId, seenKeysMemory } from '../traffic/seen-keys.ts';
import { rateMemory } from '../traffic/shared-rate.ts';
import { placesId } from '../upstream/bulkhead.ts';
import { budgetId, healthId } from '../upstream/context.ts';
import type { OpenMemories, SharedMemories } from './messages.ts';

/** The lock is the first word of every such memory, and of each breaker in one of many. */
const LOCK = 0;

const MAX_DRAINED = 256;

/** Gives back what a thread that has ended held. */
type Release = (memory: SharedArrayBuffer, thread: CountingThread) => void;

interface Kept {
  readonly fingerprint: string;
  readonly memory: SharedArrayBuffer;
  readonly release: Release;
}

/** Takes the memory that a node had if it is of the same fingerprint, or else makes one. */
type Take = (
  id: NodeId,
  make: () => SharedArrayBuffer,
  release: Release,
  fingerprint?: string,
  known?: Kept | undefined,
) => void;

const unlock: Release = (memory, { holder }) => releaseOf(new Int32Array(memory, 0, 1), LOCK, holder);

const unlockBreakers: Release = (memory, { holder }) => {
  for (let at = 0; at < breakersIn(memory.byteLength); at += 1)
    releaseOf(new Int32Array(memory, at * BREAKER_BYTES, 1), LOCK, holder);
};

const giveBackCounts: Release = (memory, thread) => {
  giveBackAll(memory, thread);
  unlock(memory, thread);
};

/** Nothing is held in it. */
const giveBackNothing: Release = () => undefined;

const giveBackPlaces: Release = (memory, { holder }) => recoverPlaces(memory, holder);

/** The same node has the same memory in every graph in which it is unchanged, or counts the same. */
export class Memories {
  /** For what may be used once: the same for as long as the process lasts. */
  readonly once = rateMemory();
  /** What is open, likewise. */
  readonly open: OpenMemories;
  readonly #threads: number;
  #kept = new Map<NodeId, Kept>();
  #next: Map<NodeId, Kept> | undefined;
  /** Of graphs that are still drained, perhaps: a thread may end while it holds their locks, too. */
  #drained: readonly Kept[] = [];

  constructor(threads: number) {
    this.#threads = threads;
    this.open = {
      sessions: countsMemory(threads),
      channels: countsMemory(threads),
      parked: countsMemory(threads),
      subscriptions: countsMemory(threads),
      bodies: countsMemory(threads),
    };
  }

  /** The memory that a graph needs. Nothing is given up before `commit`. */
  prepare({ graph, fingerprints }: LoadedGraph): SharedMemories {
    const next = new Map<NodeId, Kept>();
    const take: Take = (
      id,
      make,
      release,
      fingerprint = fingerprints[id] ?? '',
      known = this.#kept.get(id),
    ) => {
      next.set(id, known?.fingerprint === fingerprint ? known : { fingerprint, memory: make(), release });
    };
    for (const limit of Object.values(graph.limits))
      takeForLimit(limit, take, fingerprints[`limit:${limit.name}`] ?? '', graph.state !== undefined);
    for (const { name, breaker } of Object.values(graph.upstreams))
      if (breaker !== undefined)
        take(`upstream:${name}`, () => new SharedArrayBuffer(breakerBytes(breaker)), unlockBreakers);
    for (const { name, concurrency } of Object.values(graph.upstreams))
      if (concurrency !== undefined)
        take(
          placesId(name),
          () => onePlaceMemory(concurrency.max, concurrency.queue),
          giveBackPlaces,
          fingerprints[`upstream:${name}`] ?? '',
        );
    for (const node of Object.values(graph.upstreams)) {
      const fingerprint = fingerprints[`upstream:${node.name}`] ?? '';
      if (node.retry?.budget !== undefined)
        take(
          budgetId(node.name),
          () => new SharedArrayBuffer(RETRY_BUDGET_BYTES),
          giveBackNothing,
          fingerprint,
        );
      if (node.type !== 'stdio' && node.health !== undefined)
        take(
          healthId(node.name),
          () => new SharedArrayBuffer(healthBytes(node.endpoints.length)),
          giveBackNothing,
          fingerprint,
        );
    }
    // One that is renamed stays what it is.
    const known = new Map(Array.from(this.#kept.values(), (kept) => [kept.fingerprint, kept]));
    for (const node of Object.values(graph.listeners)) {
      const socket = socketFingerprint(node);
      const counts = () => countsMemory(this.#threads);
      take(`listener:${node.name}`, counts, giveBackCounts, socket, known.get(socket));
      if (node.tls === undefined) continue;
      const rate = handshakesFingerprint(node);
      take(handshakesId(node.name), handshakesMemory, unlock, rate, known.get(rate));
    }
    this.#next = next;
    return memoriesIn(next);
  }

  /** The graph that was prepared last serves. */
  commit(): void {
    if (this.#next !== undefined) {
      const next = new Set(this.#next.values());
      const gone = [...this.#kept.values()].filter((kept) => !next.has(kept));
      this.#drained = [...gone, ...this.#drained].slice(0, MAX_DRAINED);
      this.#kept = this.#next;
    }
    this.#next = undefined;
  }

  /** Frees what a thread that has ended held locked, and gives back what it held and had open. */
  release(thread: CountingThread): void {
    unlock(this.once, thread);
    for (const memory of Object.values(this.open)) giveBackCounts(memory, thread);
    const all = new Set([...this.#kept.values(), ...(this.#next?.values() ?? []), ...this.#drained]);
    for (const { memory, release } of all) release(memory, thread);
  }
}

const takeForLimit = (limit: LimitNode, take: Take, fingerprint: string, inStore: boolean): void => {
  const id = `limit:${limit.name}` as const;
  const takeSeen = (counts: string): void => {
    if (inStore) take(seenKeysId(limit.name), seenKeysMemory, unlock, counts);
  };
  switch (limit.type) {
    case 'rate':
      take(id, rateMemory, unlock, fingerprint);
      takeSeen(fingerprint);
      return;
    case 'quota':
      take(id, quotaMemory, unlock, quotaCountId(limit));
      takeSeen(quotaCountId(limit));
      return;
    case 'concurrency':
      take(id, placesMemory, giveBackPlaces, concurrencyCountId(limit));
      return;
    case 'bounds':
      return;
  }
};

const memoriesIn = (kept: ReadonlyMap<NodeId, Kept>): SharedMemories =>
  Object.fromEntries([...kept].map(([id, { memory }]) => [id, memory]));
