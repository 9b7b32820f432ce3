/** One graph with its live objects, from the swap to the last request. */
import assert from 'node:assert/strict';
import type { Graph } from '../../schema/graph/graph.ts';
import type { GenerationView, PreparedListener } from '../generation.ts';

/** `active` serves new requests; `draining` only those it has; `closed` has given everything back. */
export type GenerationState = 'active' | 'draining' | 'closed';

interface GenerationIdentity {
  readonly number: number;
  readonly artifactHash: string;
  readonly effectiveHash: string;
  readonly graph: Graph;
  /** By name; may be filled after construction, before the swap. */
  readonly listeners: ReadonlyMap<string, PreparedListener>;
}

/** Gives back one thing that the generation holds. Reports its own failures; one that is thrown is ignored. */
export type Release = () => void | Promise<void>;

/**
 * Counts the requests that it serves. `retire` lets those end, or cuts them at a deadline, and then gives back what
 * `hold` was given.
 */
export class Generation implements GenerationView {
  readonly number: number;
  readonly artifactHash: string;
  readonly effectiveHash: string;
  /** Aborted when another generation has taken over: streams that must not last end themselves. */
  readonly draining: AbortSignal;
  /** Aborted at the deadline, before anything is given back: what is still open is cut. */
  readonly cut: AbortSignal;
  #graph: Graph | undefined;
  #listeners: ReadonlyMap<string, PreparedListener>;
  readonly #drain = new AbortController();
  readonly #cut = new AbortController();
  readonly #releases: Release[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #requests = 0;
  #state: GenerationState = 'active';
  #deadline: NodeJS.Timeout | undefined;
  #deadlineAt = Number.POSITIVE_INFINITY;

  constructor(identity: GenerationIdentity) {
    this.number = identity.number;
    this.artifactHash = identity.artifactHash;
    this.effectiveHash = identity.effectiveHash;
    this.#graph = identity.graph;
    this.#listeners = identity.listeners;
    this.draining = this.#drain.signal;
    this.cut = this.#cut.signal;
  }

  get graph(): Graph {
    assert.ok(this.#graph !== undefined, 'the graph was let go of');
    return this.#graph;
  }

  get state(): GenerationState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === 'closed';
  }

  /** Requests and streams in flight. */
  get requests(): number {
    return this.#requests;
  }

  listener(name: string): PreparedListener | undefined {
    return this.#listeners.get(name);
  }

  /** Adds something to give back at the end: a lease, a listener, a timer. */
  hold(release: Release): void {
    assert.notEqual(this.#state, 'closed', 'a closed generation can hold nothing');
    this.#releases.push(release);
  }

  /** Requests that go on under it when it is over need nothing of the whole, which would stay with them. */
  letGo(): void {
    assert.equal(this.#state, 'closed', 'what serves needs its graph');
    this.#graph = undefined;
    this.#listeners = new Map();
  }

  acquire(): void {
    assert.notEqual(this.#state, 'closed', 'a closed generation serves nothing');
    this.#requests += 1;
  }

  release(): void {
    this.#requests -= 1;
    assert.ok(this.#requests >= 0, 'a request was released twice');
    if (this.#requests === 0 && this.#state === 'draining') this.#close();
  }

  /**
   * Takes no new work. Resolves once everything is given back: when the last request has ended, or at the deadline.
   * A second call may only bring the deadline forward.
   */
  retire(deadlineMs: number): Promise<void> {
    if (this.#state === 'closed') return this.#closed.promise;
    if (this.#state === 'active') {
      this.#state = 'draining';
      this.#drain.abort();
    }
    // Ending streams on the signal above may have released the last request already.
    if (this.isOver) return this.#closed.promise;
    if (this.#requests === 0 || deadlineMs <= 0) this.#close();
    else this.#arm(deadlineMs);
    return this.#closed.promise;
  }

  #arm(deadlineMs: number): void {
    const deadlineAt = performance.now() + deadlineMs;
    if (deadlineAt >= this.#deadlineAt) return;
    this.#deadlineAt = deadlineAt;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#close(), deadlineMs);
    this.#deadline.unref();
  }

  #close(): void {
    this.#state = 'closed';
    clearTimeout(this.#deadline);
    this.#cut.abort();
    void this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    await Promise.allSettled(
      this.#releases
        .splice(0)
        .reverse()
        .map((release) => Promise.try(release)),
    );
    this.#closed.resolve();
  }
}
