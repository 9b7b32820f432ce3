/** The table of a store without the store: what the scripts in the store do, in memory. */
import { type StateStore, StoreAway } from '../../runtime/state/state-store.ts';
import { MAX_STATEMENTS, type Statement, type StoredTable } from '../../runtime/state/stored-table.ts';

export class MemoryTable implements StoredTable {
  readonly statements = new Map<string, Statement>();
  isAway = false;
  asked = 0;
  #version = 0;

  /** It begins anew, with what is given. */
  reset(statements: readonly Statement[] = []): void {
    this.#version += 1;
    this.statements.clear();
    for (const each of statements) this.statements.set(each.name, each);
  }

  async tell(statements: readonly Statement[]): Promise<number> {
    this.#ask();
    let left = 0;
    for (const each of statements) {
      const known = this.statements.get(each.name);
      if (known !== undefined && known.atMs >= each.atMs) continue;
      if (known === undefined && this.statements.size >= MAX_STATEMENTS) left += 1;
      else this.statements.set(each.name, each);
    }
    this.#version += 1;
    return left;
  }

  async read(version: string): ReturnType<StoredTable['read']> {
    this.#ask();
    const now = String(this.#version);
    return now === version ? undefined : { version: now, statements: [...this.statements.values()] };
  }

  #ask(): void {
    this.asked += 1;
    if (this.isAway) throw new StoreAway('away');
  }
}

/** A store that has nothing but this table. */
export const storeOf = (
  table: StoredTable,
  onUnavailable: StateStore['onUnavailable'] = 'deny',
): StateStore => ({
  onUnavailable,
  isUp: true,
  count: () => Promise.reject(new StoreAway('nothing is counted here')),
  places: () => Promise.reject(new StoreAway('nothing is held here')),
  useOnce: () => Promise.reject(new StoreAway('nothing is used here')),
  announce: async () => [],
  replicas: async () => [],
  leave: async () => undefined,
  table: () => table,
  close: async () => undefined,
});
