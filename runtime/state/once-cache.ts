/** What may be used once: in all threads of a process, and at all replicas that share a store. */
import { createSharedRateLimiter } from '../traffic/shared-rate.ts';
import { orLocal, type StateStore } from './state-store.ts';

/** What is used up, each kind apart from the others. */
export type OnceKind = 'url-state';

/** Memory in which all threads find what each has used, made by `rateMemory`. */
export interface OnceMemory {
  readonly memory: SharedArrayBuffer;
  readonly holder: number;
}

const ONCE = { kind: 'limit', type: 'rate', name: 'once', count: 1, burst: 1, key: [] } as const;

/** So much is remembered by a thread that serves alone. With more, nothing is used: what is forgotten could come again. */
const MAX_USED = 100_000;

export class OnceCache {
  readonly #memory: OnceMemory | undefined;
  /** When each may be forgotten. */
  readonly #untilMs = new Map<string, number>();
  #store: StateStore | undefined;

  /** @param memory where several threads must not use the same twice */
  constructor(memory?: OnceMemory) {
    this.#memory = memory;
  }

  /** From now on all replicas are asked. */
  share(store: StateStore): void {
    this.#store = store;
  }

  /**
   * Whether `name` is used for the first time within the last `forMs`, whatever its text; a promise where replicas share
   * a store, which rejects with a GatewayError if that is away and requests are refused then.
   */
  use(kind: OnceKind, name: string, forMs: number): boolean | Promise<boolean> {
    const whole = `${kind}:${name}`;
    const store = this.#store;
    if (store === undefined) return this.#useHere(whole, forMs);
    // Remembered here too, for the time in which the store is away.
    const asked = store.useOnce(whole, forMs).then((isFirst) => {
      const isFirstHere = this.#useHere(whole, forMs);
      return isFirst && isFirstHere;
    });
    return orLocal(store, asked, () => this.#useHere(whole, forMs));
  }

  #useHere(name: string, forMs: number): boolean {
    if (this.#memory !== undefined) return useOfAll(name, forMs, this.#memory);
    const nowMs = performance.now();
    const untilMs = this.#untilMs.get(name);
    if (untilMs !== undefined && nowMs < untilMs) return false;
    if (this.#untilMs.size >= MAX_USED) this.#forgetEnded(nowMs);
    if (this.#untilMs.size >= MAX_USED) return false;
    this.#untilMs.set(name, nowMs + forMs);
    return true;
  }

  #forgetEnded(nowMs: number): void {
    for (const [name, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(name);
  }
}

/** Once in a lifetime is a rate like any other. */
const useOfAll = (name: string, forMs: number, { memory, holder }: OnceMemory): boolean =>
  createSharedRateLimiter({ ...ONCE, periodMs: forMs }, memory, holder).take(name, 0).allowed;
