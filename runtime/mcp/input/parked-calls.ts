/** Calls that are open at a legacy upstream while nobody is connected: what it asked is answered by a retry. */
import { randomBytes } from 'node:crypto';
import type { ParkedNode } from '../../../schema/graph/graph.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';
import { type Counts, LocalCounts } from '../../state/counts.ts';
import { OnceCache } from '../../state/once-cache.ts';
import type { Call } from '../call.ts';

/** A call as its store sees it. */
export interface Parked {
  /** Whose it is counted as. */
  readonly owner: string;
  /** The name of its server. */
  readonly server: string;
  /** Who called last. */
  readonly principal: Principal;
  /** Goes on for a retry of its caller, which is answered in every case. */
  retried(call: Call): void;
  /** Nobody came, or nobody may come any more: the upstream is told that the call is taken back. */
  expired(): void;
}

interface Slot {
  readonly sinceMs: number;
  handle: string;
  timer: NodeJS.Timeout | undefined;
  heldLength: number;
}

/** Results that came while nobody was there, in UTF-16 units, all together. */
const MAX_HELD_LENGTH = 32 * 1024 * 1024;

/** No timer of Node.js waits longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lives as long as the process: a reload changes the bounds, and parks stay. */
export class ParkedCalls {
  /** Names what holds the calls in what is sealed: a parked call is nowhere else. */
  readonly owner: string;
  readonly #slots = new Map<Parked, Slot>();
  readonly #byHandle = new Map<string, Parked>();
  readonly #counts: Counts;
  readonly #once: OnceCache;
  #held = 0;
  #bounds: ParkedNode;

  /**
   * @param once where states are used up
   * @param counts where they count together
   */
  constructor(
    bounds: ParkedNode,
    owner: string = randomBytes(12).toString('base64url'),
    once: OnceCache = new OnceCache(),
    counts: Counts = new LocalCounts(),
  ) {
    this.owner = owner;
    this.#once = once;
    this.#counts = counts;
    this.#bounds = bounds;
  }

  /** Calls that were asked for input and are not over. */
  get size(): number {
    return this.#slots.size;
  }

  get bounds(): ParkedNode {
    return this.#bounds;
  }

  /** Bounds of the graph that serves now. */
  rebound(bounds: ParkedNode): void {
    this.#bounds = bounds;
  }

  /**
   * Parks a call until it is taken by the handle that is returned, which is good for once. It keeps its slot, over
   * any number of rounds, until `leave`. Throws `rate_limited` where there is none.
   */
  park(call: Parked): string {
    const slot = this.#slots.get(call) ?? this.#enter(call);
    const { idleMs, absoluteMs } = this.#bounds;
    const leftMs = Math.min(idleMs, slot.sinceMs + absoluteMs - performance.now());
    clearTimeout(slot.timer);
    this.#byHandle.delete(slot.handle);
    slot.handle = randomBytes(18).toString('base64url');
    this.#byHandle.set(slot.handle, call);
    slot.timer = setTimeout(() => call.expired(), Math.min(Math.max(0, leftMs), MAX_TIMER_MS)).unref();
    return slot.handle;
  }

  /** The call of a handle, which is void from now on. */
  take(handle: string): Parked | undefined {
    const call = this.#byHandle.get(handle);
    if (call === undefined) return undefined;
    this.#byHandle.delete(handle);
    clearTimeout(this.#slots.get(call)!.timer);
    return call;
  }

  /** Whether there is room for a result that came while nobody was there. */
  hold(call: Parked, length: number): boolean {
    const slot = this.#slots.get(call);
    if (slot === undefined || this.#held + length > MAX_HELD_LENGTH) return false;
    this.#held += length;
    slot.heldLength += length;
    return true;
  }

  /** The call is over. Harmless for one that was never parked. */
  leave(call: Parked): void {
    const slot = this.#slots.get(call);
    if (slot === undefined) return;
    clearTimeout(slot.timer);
    this.#byHandle.delete(slot.handle);
    this.#slots.delete(call);
    this.#held -= slot.heldLength;
    this.#counts.giveBack(call.owner);
  }

  /**
   * Whether a state that may be used once is used now for the first time, within the time in which it could be shown
   * again; as {@link OnceCache.use}.
   */
  useOnce(nonce: string): boolean | Promise<boolean> {
    return this.#once.use('url-state', nonce, this.#bounds.idleMs);
  }

  /** Takes back what waits for the input of callers whose credential does not count any more. */
  expelRevoked(isRevoked: (principal: Principal) => boolean): void {
    for (const call of [...this.#byHandle.values()]) if (isRevoked(call.principal)) call.expired();
  }

  /** Takes back what waits for input at a server that nobody can come to any more. */
  serverGone(name: string): void {
    for (const call of [...this.#byHandle.values()]) if (call.server === name) call.expired();
  }

  /** Takes all calls back. */
  close(): void {
    for (const call of [...this.#slots.keys()]) call.expired();
  }

  #enter(call: Parked): Slot {
    const { max, maxPerPrincipal } = this.#bounds;
    if (this.#counts.take(call.owner, max, maxPerPrincipal) !== undefined)
      throw new GatewayError('rate_limited', 'too many calls wait for input', { rpcCode: RPC.limited });
    const slot = { sinceMs: performance.now(), handle: '', timer: undefined, heldLength: 0 };
    this.#slots.set(call, slot);
    return slot;
  }
}
