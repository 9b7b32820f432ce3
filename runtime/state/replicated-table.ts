/** A table as one thread holds it: all that is asked is answered from memory, and what changes elsewhere is fetched. */
import type { StateStore } from './state-store.ts';
import { MAX_STATEMENTS, type Statement, type StoredTable } from './stored-table.ts';

export interface TableOptions {
  readonly name: string;
  /** Whether a statement is one that can be meant. */
  readonly accepts: (statement: Statement) => boolean;
  /** Statements that are new here; never those that were overtaken. */
  readonly onChange: (changed: readonly Statement[]) => void;
  /** It is known that nothing is missing, or not any more. */
  readonly onCurrent: (isCurrent: boolean) => void;
  /** Told once for each of its causes: something was left out. */
  readonly onLeftOut: (why: 'not understood' | 'no room', count: number) => void;
}

/** How far a statement reaches: all who share the store know of it within {@link POLL_MS}, or nobody but this process. */
export type Reach = 'everywhere' | 'here';

/** What others have said has room beyond what may be said here. */
const MAX_KNOWN = 2 * MAX_STATEMENTS;

const NEVER_LOOKED = '-';

const POLL_MS = 250;
/** Who has not looked for so long may miss something. */
const STALE_MS = 1000;

/**
 * Statements meet by time, whoever brings them and however often: from other threads, from the store, or back to a store
 * that has lost them. So nothing is forgotten because the store was away or began anew.
 */
export class ReplicatedTable {
  readonly #options: TableOptions;
  readonly #statements = new Map<string, Statement>();
  /** Those of which it is not known that the store has them. */
  readonly #untold = new Map<string, Statement>();
  /** How many the store had no room for when it was told last. */
  #left = 0;
  #store: StoredTable | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** What the store had when it was looked at last; none that a store can have before that. */
  #version = NEVER_LOOKED;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isCurrent = true;
  #syncing: Promise<boolean> | undefined;
  readonly #complained = new Set<string>();

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Whether nothing is missing that was said more than a second ago. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** How long ago the store was read; Infinity if never, undefined where there is none. */
  get ageMs(): number | undefined {
    return this.#store === undefined ? undefined : performance.now() - this.#lookedMs;
  }

  get(name: string): Statement | undefined {
    return this.#statements.get(name);
  }

  /** All that has not ended. */
  all(nowMs: number): readonly Statement[] {
    this.#forgetEnded(nowMs);
    return [...this.#statements.values()];
  }

  /** Makes a statement that overtakes all that are known; undefined if there is no room for it. */
  say(name: string, value: string, untilMs: number, nowMs: number): Statement | undefined {
    const known = this.#statements.get(name);
    if (known === undefined && this.#statements.size >= MAX_STATEMENTS) {
      this.#forgetEnded(nowMs);
      if (this.#statements.size >= MAX_STATEMENTS) return undefined;
    }
    const statement = { name, value, untilMs, atMs: Math.max(nowMs, (known?.atMs ?? 0) + 1) };
    this.take([statement], nowMs);
    return statement;
  }

  /** Takes in statements that were made elsewhere in this process, and tells them the store. */
  take(statements: readonly Statement[], nowMs: number): void {
    const changed = this.#merge(statements, nowMs);
    if (this.#store !== undefined) for (const each of changed) this.#untold.set(each.name, each);
  }

  /** Tells the store what it does not have yet. */
  async reach(): Promise<Reach> {
    if (this.#store === undefined) return 'here';
    // One that is under way may have begun before what is to be told was said.
    await this.#syncing;
    const isTold = await this.#sync();
    return isTold && this.#untold.size === 0 && this.#left === 0 ? 'everywhere' : 'here';
  }

  /** Follows the table of the store from now on. Resolves after the first look, however it went. */
  async follow(store: StateStore): Promise<void> {
    this.#store = store.table(this.#options.name);
    for (const each of this.#statements.values()) this.#untold.set(each.name, each);
    this.#timer = setInterval(() => void this.#sync(), POLL_MS).unref();
    await this.#sync();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#store = undefined;
  }

  /** One at a time: looks, then tells. False if the store did not answer. */
  #sync(): Promise<boolean> {
    this.#syncing ??= this.#lookAndTell()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#syncing = undefined;
        this.#judge();
      });
    return this.#syncing;
  }

  async #lookAndTell(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const nowMs = Date.now();
    const state = await store.read(this.#version);
    this.#lookedMs = performance.now();
    if (state !== undefined) {
      this.#version = state.version;
      this.#merge(state.statements, nowMs);
      this.#findUntold(state.statements);
    }
    const untold = [...this.#untold.values()];
    if (untold.length === 0) return;
    this.#left = await store.tell(untold);
    for (const each of untold) if (this.#untold.get(each.name) === each) this.#untold.delete(each.name);
    if (this.#left > 0) this.#leftOut('no room', this.#left);
  }

  /** What the store does not have, although it is known here, has been lost there. */
  #findUntold(stored: readonly Statement[]): void {
    const atMs = new Map(stored.map((each) => [each.name, each.atMs]));
    for (const each of this.#statements.values())
      if ((atMs.get(each.name) ?? -1) < each.atMs) this.#untold.set(each.name, each);
      else this.#untold.delete(each.name);
  }

  #judge(): void {
    const isCurrent = this.#store === undefined || performance.now() - this.#lookedMs <= STALE_MS;
    if (isCurrent === this.#isCurrent) return;
    this.#isCurrent = isCurrent;
    this.#options.onCurrent(isCurrent);
  }

  #merge(statements: readonly Statement[], nowMs: number): readonly Statement[] {
    const { accepts, onChange } = this.#options;
    const changed: Statement[] = [];
    if (this.#statements.size + statements.length > MAX_KNOWN) this.#forgetEnded(nowMs);
    let strange = 0;
    let left = 0;
    for (const each of statements) {
      const known = this.#statements.get(each.name);
      if (each.untilMs <= nowMs || (known !== undefined && known.atMs >= each.atMs)) continue;
      if (!accepts(each)) strange += 1;
      else if (known === undefined && this.#statements.size >= MAX_KNOWN) left += 1;
      else {
        this.#statements.set(each.name, each);
        changed.push(each);
      }
    }
    if (strange > 0) this.#leftOut('not understood', strange);
    if (left > 0) this.#leftOut('no room', left);
    if (changed.length > 0) onChange(changed);
    return changed;
  }

  #leftOut(why: 'not understood' | 'no room', count: number): void {
    if (this.#complained.has(why)) return;
    this.#complained.add(why);
    this.#options.onLeftOut(why, count);
  }

  #forgetEnded(nowMs: number): void {
    for (const [name, { untilMs }] of this.#statements)
      if (untilMs <= nowMs) {
        this.#statements.delete(name);
        this.#untold.delete(name);
      }
  }
}
