/** Live objects that outlive a generation: kept while any generation holds them. */

/** What can be shared: something that can be ended. */
export interface Closable {
  close(): void | Promise<void>;
}

/** A hold on a shared object. */
export interface Lease<T> {
  readonly object: T;
  /** Gives the hold back; the last one closes the object. Idempotent. Never throws. */
  release(): Promise<void>;
}

interface Entry<T> {
  readonly object: Promise<T>;
  holders: number;
}

/**
 * Objects by name and fingerprint. The same fingerprint yields the same object, so that a pool, a breaker or a
 * child process survives a reload that does not touch it; another fingerprint yields a new object beside the old.
 */
export class SharedObjects<T extends Closable> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #onCloseError: (id: string, error: unknown) => void;

  /** `onCloseError` is told of objects that failed to close; nothing else can be done about them. */
  constructor(onCloseError: (id: string, error: unknown) => void) {
    this.#onCloseError = onCloseError;
  }

  /** How many objects are alive. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The object `id` (`kind:name`) with this fingerprint, made by `create` if nobody holds one yet. Rejects as
   * `create` does; then nothing is kept and the next call creates anew.
   */
  async acquire(id: string, fingerprint: string, create: () => T | Promise<T>): Promise<Lease<T>> {
    const key = `${id}@${fingerprint}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      // A promise even where `create` throws at once: who asks meanwhile gets the same failure.
      entry = { object: Promise.try(create), holders: 0 };
      this.#entries.set(key, entry);
    }
    entry.holders += 1;
    try {
      return this.#lease(id, key, entry, await entry.object);
    } catch (error) {
      this.#forget(key, entry);
      throw error;
    }
  }

  #lease(id: string, key: string, entry: Entry<T>, object: T): Lease<T> {
    let held = true;
    return {
      object,
      release: async () => {
        if (!held) return;
        held = false;
        entry.holders -= 1;
        if (entry.holders > 0) return;
        this.#forget(key, entry);
        try {
          await object.close();
        } catch (error) {
          this.#onCloseError(id, error);
        }
      },
    };
  }

  #forget(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
