/** Lists as they were told last, kept where another request would be told the same. */
import type { Principal } from '../../schema/principal.ts';
import type { NameIndex } from './name-index.ts';
import type { ToldList } from './told-list.ts';

/** All kept lists of a server together, about; the least recently used go first. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_LISTS = 2000;

interface Kept {
  readonly list: ToldList;
  readonly forget: () => void;
}

/** Whom a list is kept for: one caller, or all where no rule looks at who asks. */
export type Audience = Principal | 'everybody';

/**
 * Make one for each server of a generation, so that other rules never meet what these have let pass. A list belongs
 * to the index that it was made from: when upstreams offer something else there is another index.
 */
export class ToldLists {
  readonly #byIndex = new WeakMap<NameIndex, Map<Audience, Kept>>();
  readonly #recent = new Set<Kept>();
  #bytes = 0;

  get(index: NameIndex, audience: Audience): ToldList | undefined {
    const kept = this.#byIndex.get(index)?.get(audience);
    if (kept === undefined) return undefined;
    this.#recent.delete(kept);
    this.#recent.add(kept);
    return kept.list;
  }

  keep(index: NameIndex, audience: Audience, list: ToldList): void {
    if (list.size > MAX_BYTES) return;
    const byAudience = this.#byIndex.get(index) ?? new Map<Audience, Kept>();
    this.#byIndex.set(index, byAudience);
    const kept: Kept = { list, forget: () => byAudience.delete(audience) };
    const before = byAudience.get(audience);
    if (before !== undefined) this.#drop(before);
    byAudience.set(audience, kept);
    this.#recent.add(kept);
    this.#bytes += list.size;
    for (const oldest of this.#recent) {
      if (this.#bytes <= MAX_BYTES && this.#recent.size <= MAX_LISTS) return;
      this.#drop(oldest);
    }
  }

  #drop(kept: Kept): void {
    kept.forget();
    this.#recent.delete(kept);
    this.#bytes -= kept.list.size;
  }
}
