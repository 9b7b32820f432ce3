/** Memory that counts for all threads: of limits, breakers and connections, for as long as a graph has them. */
import type { NodeId } from '../../schema/graph/graph.ts';
import { socketFingerprint } from '../listen/socket-fingerprint.ts';
import type { LoadedGraph } from '../reload/reloader.ts';
import { type CountingThread, countsMemory, giveBackAll } from '../state/shared-counts.ts';
import { releaseOf } from '../state/shared-lock.ts';
import { BREAKER_BYTES } from '../traffic/breaker.ts';
import { quotaCountId, quotaMemory } from '../traffic/quota.ts';
import { rateMemory } from '../traffic/shared-rate.ts';
import type { OpenMemories, SharedMemories } from './messages.ts';

/** The lock is the first word of every such memory. */
const LOCK = 0;

const MAX_DRAINED = 256;

interface Kept {
  readonly fingerprint: string;
  readonly memory: SharedArrayBuffer;
  /** Whether threads count in it what they have open. */
  readonly counts: boolean;
}

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
    const [sessions, channels, parked, subscriptions] = Array.from({ length: 4 }, () =>
      countsMemory(threads),
    );
    this.open = {
      sessions: sessions!,
      channels: channels!,
      parked: parked!,
      subscriptions: subscriptions!,
    };
  }

  /** The memory that a graph needs. Nothing is given up before `commit`. */
  prepare({ graph, fingerprints }: LoadedGraph): SharedMemories {
    const next = new Map<NodeId, Kept>();
    const take = (
      id: NodeId,
      make: () => SharedArrayBuffer,
      fingerprint: string = fingerprints[id] ?? '',
    ): void => {
      const known = this.#kept.get(id);
      const counts = id.startsWith('listener:');
      next.set(id, known?.fingerprint === fingerprint ? known : { fingerprint, memory: make(), counts });
    };
    for (const limit of Object.values(graph.limits)) {
      const id = `limit:${limit.name}` as const;
      if (limit.type === 'rate') take(id, rateMemory);
      else if (limit.type === 'quota') take(id, quotaMemory, quotaCountId(limit));
    }
    for (const { name, breaker } of Object.values(graph.upstreams))
      if (breaker !== undefined) take(`upstream:${name}`, () => new SharedArrayBuffer(BREAKER_BYTES));
    for (const node of Object.values(graph.listeners))
      take(`listener:${node.name}`, () => countsMemory(this.#threads), socketFingerprint(node));
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

  /** Frees what a thread that has ended held locked, and gives back what it had open. */
  release(thread: CountingThread): void {
    const all = new Set([...this.#kept.values(), ...(this.#next?.values() ?? []), ...this.#drained]);
    const open = [...all].filter(({ counts }) => counts).map(({ memory }) => memory);
    for (const memory of [...Object.values(this.open), ...open]) giveBackAll(memory, thread);
    for (const memory of [this.once, ...[...all].map((kept) => kept.memory)])
      releaseOf(new Int32Array(memory, 0, 1), LOCK, thread.holder);
  }
}

const memoriesIn = (kept: ReadonlyMap<NodeId, Kept>): SharedMemories =>
  Object.fromEntries([...kept].map(([id, { memory }]) => [id, memory]));
