/** Which replicas there are, and where: told by the store, and remembered for while that is away. */
import { type Replica, type StateStore, StoreAway } from '../state/state-store.ts';

/** So often a replica says that it is there. */
const BEAT_MS = 2000;
/** A replica that has said nothing for so long is gone. */
const LIFE_MS = 6000;

/** What the store says of a replica: where it is, that it is not there, or nothing. */
export type Whereabouts =
  | { readonly kind: 'at'; readonly address: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

export interface DirectoryEvents {
  /** A replica does not say any more that it is there. It may be that the store has forgotten it. */
  readonly onUnlisted: (id: string) => void;
  /** How many replicas are there, this one with them. */
  readonly onCount: (count: number) => void;
  /** Another one says again and again that it is where this one is. */
  readonly onRival: () => void;
}

/** One that began anew where another has just ended meets its traces once. */
const RIVAL_BEATS = 3;

export class Directory {
  readonly #self: Replica;
  readonly #store: StateStore;
  readonly #events: DirectoryEvents;
  /** By id. Those that are not listed any more are kept until somebody finds that they do not answer. */
  readonly #known = new Map<string, { readonly address: string; listed: boolean }>();
  #looking: Promise<boolean> | undefined;
  #lookingNext: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Beats in a row at which another had taken the place of this one. */
  #rivals = 0;
  #closed = false;

  constructor(self: Replica, store: StateStore, events: DirectoryEvents) {
    this.#self = self;
    this.#store = store;
    this.#events = events;
  }

  /** From now on others find this one. Resolves when they do, or if the store is away. */
  async enter(): Promise<void> {
    await this.#beat();
  }

  /** Where a replica is, as far as it is known here. */
  find(id: string): string | undefined {
    return this.#known.get(id)?.address;
  }

  /** What the store knows of a replica now. */
  async look(id: string): Promise<Whereabouts> {
    if (!(await this.#refresh())) return { kind: 'unknown' };
    const known = this.#known.get(id);
    return known?.listed === true ? { kind: 'at', address: known.address } : { kind: 'gone' };
  }

  /** It does not answer where it was. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /** From now on others do not find this one. */
  async leave(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await untilTold(this.#store.leave(this.#self.id));
  }

  async #beat(): Promise<void> {
    const told = await untilTold(this.#store.announce(this.#self, LIFE_MS));
    if (told !== undefined) {
      this.#take(told);
      this.#rivals = told.some((each) => this.#isRival(each)) ? this.#rivals + 1 : 0;
      if (this.#rivals === RIVAL_BEATS) this.#events.onRival();
    }
    if (this.#closed) return;
    // Replicas that began together do not go on together.
    this.#timer = setTimeout(() => void this.#beat(), BEAT_MS * (0.75 + Math.random() / 2)).unref();
  }

  /**
   * Whether the store has told. Who comes while it is asked waits for the next answer: a replica may have come after
   * the question. So there is one question at a time, however many wait.
   */
  #refresh(): Promise<boolean> {
    if (this.#looking === undefined) {
      this.#looking = this.#ask().finally(() => {
        this.#looking = this.#lookingNext;
        this.#lookingNext = undefined;
      });
      return this.#looking;
    }
    this.#lookingNext ??= this.#looking.then(() => this.#ask());
    return this.#lookingNext;
  }

  async #ask(): Promise<boolean> {
    const told = await untilTold(this.#store.replicas());
    if (told !== undefined) this.#take(told);
    return told !== undefined;
  }

  #isRival({ id, address }: Replica): boolean {
    return address === this.#self.address && id !== this.#self.id;
  }

  #take(told: readonly Replica[]): void {
    const there = told.filter((each) => !this.#isRival(each));
    const listed = new Set(there.map(({ id }) => id));
    for (const { id, address } of there)
      if (id !== this.#self.id) this.#known.set(id, { address, listed: true });
    this.#events.onCount(there.length);
    for (const [id, known] of this.#known) {
      if (listed.has(id) || !known.listed) continue;
      known.listed = false;
      this.#events.onUnlisted(id);
    }
  }
}

/** What the store says; undefined if it is away. */
const untilTold = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof StoreAway) return undefined;
    throw thrown;
  }
};
