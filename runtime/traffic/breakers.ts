/** The breakers of one upstream: its own, and where it is declared one for each of its tools. */
import type { BreakerNode } from '../../schema/graph/upstream.ts';
import type { GatewayError } from '../errors.ts';
import {
  type Admission,
  BREAKER_BYTES,
  type Breaker,
  type BreakerFailure,
  type BreakerState,
  createBreaker,
} from './breaker.ts';
import { textHash } from './text-hash.ts';

/** So many tools have breakers of their own; what an upstream offers beyond has its breaker alone. */
const SLOTS = 1024;

/** Behind the breaker of the upstream there is one for each slot, and behind those the names' hashes. */
const NAMES_OFFSET = BREAKER_BYTES * (1 + SLOTS);

/** What the breakers of an upstream need. */
export const breakerBytes = ({ per }: BreakerNode): number =>
  per === 'tool' ? NAMES_OFFSET + SLOTS * Int32Array.BYTES_PER_ELEMENT : BREAKER_BYTES;

/** How many breakers, with a lock each, lie one after the other in memory of {@link breakerBytes}. */
export const breakersIn = (byteLength: number): number => (byteLength > BREAKER_BYTES ? 1 + SLOTS : 1);

interface BreakersOptions {
  readonly onChange: (state: BreakerState, tool?: string) => void;
  readonly memory?: ArrayBufferLike;
  readonly holder?: number;
}

export class Breakers {
  readonly upstream: Breaker;
  readonly #node: BreakerNode;
  readonly #options: BreakersOptions;
  readonly #memory: ArrayBufferLike;
  /** Absent where tools have no breakers of their own. */
  readonly #names: Int32Array | undefined;
  readonly #tools = new Map<string, Breaker | undefined>();

  constructor(node: BreakerNode, options: BreakersOptions) {
    this.#node = node;
    this.#options = options;
    this.#memory = options.memory ?? new ArrayBuffer(breakerBytes(node));
    this.#names = node.per === 'tool' ? new Int32Array(this.#memory, NAMES_OFFSET, SLOTS) : undefined;
    this.upstream = createBreaker(node, { ...options, memory: this.#memory });
  }

  /** The breaker of one call. */
  of(tool: string | undefined): Breaker {
    if (this.#names === undefined || tool === undefined) return this.upstream;
    const own = this.#breakerOf(tool, this.#names);
    return own === undefined ? this.upstream : new CallBreaker(this.upstream, own);
  }

  /** Tools that are not called, or are tried again just now; undefined where tools have no breakers. */
  get openTools(): readonly string[] | undefined {
    if (this.#names === undefined) return undefined;
    return [...this.#tools].flatMap(([tool, breaker]) =>
      breaker === undefined || breaker.state === 'closed' ? [] : [tool],
    );
  }

  close(): void {
    this.upstream.close();
    for (const breaker of this.#tools.values()) breaker?.close();
  }

  #breakerOf(tool: string, names: Int32Array): Breaker | undefined {
    if (this.#tools.has(tool)) return this.#tools.get(tool);
    if (this.#tools.size >= SLOTS) return undefined;
    const slot = slotOf(tool, names);
    const breaker =
      slot === undefined
        ? undefined
        : createBreaker(this.#node, {
            ...this.#options,
            onChange: (state) => this.#options.onChange(state, tool),
            memory: this.#memory,
            offset: BREAKER_BYTES * (1 + slot),
          });
    this.#tools.set(tool, breaker);
    return breaker;
  }
}

/** The same in all threads. Two names with one hash share a breaker. Undefined: there is none left. */
const slotOf = (tool: string, names: Int32Array): number | undefined => {
  const hash = textHash(tool) | 1;
  for (let step = 0; step < SLOTS; step += 1) {
    const slot = ((hash >>> 1) + step) % SLOTS;
    const was = Atomics.compareExchange(names, slot, 0, hash);
    if (was === 0 || was === hash) return slot;
  }
  return undefined;
};

/** Failures that tell of the upstream and not of what was asked of it. */
const isOfUpstream = (kind: BreakerFailure): boolean => kind === 'connect' || kind === 'exit';

/** Both breakers have to admit a call. Keeps its two admissions, and so is of use for one call. */
class CallBreaker implements Breaker {
  readonly #upstream: Breaker;
  readonly #tool: Breaker;
  #ofUpstream: Admission = 0;
  #refusing: Breaker;

  constructor(upstream: Breaker, tool: Breaker) {
    this.#upstream = upstream;
    this.#tool = tool;
    this.#refusing = upstream;
  }

  get state(): BreakerState {
    return this.#upstream.state === 'closed' ? this.#tool.state : this.#upstream.state;
  }

  admit(): Admission {
    this.#refusing = this.#upstream;
    this.#ofUpstream = this.#upstream.admit();
    if (this.#ofUpstream === 0) return 0;
    const admission = this.#tool.admit();
    if (admission !== 0) return admission;
    this.#refusing = this.#tool;
    this.#upstream.release(this.#ofUpstream);
    return 0;
  }

  success(admission: Admission): void {
    this.#upstream.success(this.#ofUpstream);
    this.#tool.success(admission);
  }

  failure(admission: Admission, kind: BreakerFailure): void {
    if (isOfUpstream(kind)) {
      this.#upstream.failure(this.#ofUpstream, kind);
      this.#tool.release(admission);
      return;
    }
    // It was reached, unless nothing came at all; then a probe has failed.
    if (kind !== 'timeout') this.#upstream.success(this.#ofUpstream);
    else if (this.#upstream.state === 'closed') this.#upstream.release(this.#ofUpstream);
    else this.#upstream.failure(this.#ofUpstream, kind);
    this.#tool.failure(admission, kind);
  }

  release(admission: Admission): void {
    this.#upstream.release(this.#ofUpstream);
    this.#tool.release(admission);
  }

  refusal(): GatewayError {
    return this.#refusing.refusal();
  }

  close(): void {
    this.#upstream.close();
  }
}
