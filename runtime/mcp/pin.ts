/** What a pinned upstream may offer: the locked definitions in place of its own, and nothing that differs. */
import { definitionHash } from '../../policies/pin/definition-hash.ts';
import type { PinNode } from '../../schema/graph/pin.ts';
import type { Era } from '../../schema/graph/upstream.ts';
import { escapeHidden } from '../../schema/hidden-characters.ts';
import { LOCKED_KINDS, type LockedKind } from '../../schema/lock/lock.ts';
import type { Log } from '../observe/log.ts';
import { type Item, readItem } from './catalogue.ts';
import type { ListKind } from './method.ts';

/** One thing that is not as it is locked; hashes only, for nobody should read the text by accident. */
export interface PinDifference {
  readonly kind: LockedKind | 'instructions';
  /** Hidden characters escaped, cut off where it is long; empty for instructions. */
  readonly name: string;
  readonly problem: 'changed' | 'unlocked' | 'missing';
  /** SHA-256 of what is locked, and of what the upstream says; absent where there is none. */
  readonly locked?: string;
  readonly found?: string;
}

interface Locked {
  readonly item: Item;
  readonly sha256: string;
}

const MAX_NAME_CHARS = 128;
/** Of one list so many differences are told one by one. */
const MAX_TOLD = 20;

const hashes = new WeakMap<Item, string>();

/** Hashed once, when the upstream's list is read. */
const hashOf = (item: Item): string => {
  const known = hashes.get(item);
  if (known !== undefined) return known;
  const hash = definitionHash(item.value) ?? 'nested too deeply';
  hashes.set(item, hash);
  return hash;
};

const shownName = (name: string): string =>
  escapeHidden(name.slice(0, MAX_NAME_CHARS)).replaceAll('\n', '\\n');

const lockedItems = (node: PinNode, kind: LockedKind): ReadonlyMap<string, Locked> =>
  new Map(
    node[kind].flatMap(({ name, definition }) => {
      const item = readItem(kind, definition);
      return item === undefined ? [] : [[name, { item, sha256: hashOf(item) }] as const];
    }),
  );

/** Lives as long as what it is pinned to, whatever else is reloaded. */
export class Pin {
  readonly upstream: string;
  readonly #locked: ReadonlyMap<ListKind, ReadonlyMap<string, Locked>>;
  readonly #instructions: PinNode['instructions'];
  readonly #log: Log;
  /** What may be shown of each listing. */
  readonly #selected = new WeakMap<readonly Item[], readonly Item[]>();
  /** As the latest listings in each era are: an upstream may tell clients of one era something else. */
  readonly #differences = new Map<string, readonly PinDifference[]>();
  readonly #lastInstructions = new Map<
    Era,
    { readonly said: string | undefined; readonly told: string | undefined }
  >();

  constructor(node: PinNode, log: Log) {
    this.upstream = node.name;
    this.#locked = new Map(LOCKED_KINDS.map((kind) => [kind, lockedItems(node, kind)]));
    this.#instructions = node.instructions;
    this.#log = log;
  }

  /** Everything that differs at the moment. */
  get differences(): readonly PinDifference[] {
    const byText = new Map(
      [...this.#differences.values()].flat().map((each) => [JSON.stringify(each), each]),
    );
    return [...byText.values()];
  }

  /** Names that no other upstream may take. */
  names(kind: ListKind): Iterable<string> {
    return this.#locked.get(kind)?.keys() ?? [];
  }

  /**
   * The locked items that are listed as they are locked, in the order of the listing. A name that is listed twice
   * counts only if both are. Resources are not locked.
   */
  select(kind: ListKind, listed: readonly Item[], era: Era): readonly Item[] {
    if (kind === 'resources') return listed;
    const known = this.#selected.get(listed);
    if (known !== undefined) return known;
    const differing = this.#compare(kind, listed);
    const locked = this.#locked.get(kind)!;
    const names = new Set(listed.map(({ name }) => name)).difference(differing);
    const selected = [...names].map((name) => locked.get(name)!.item);
    this.#selected.set(listed, selected);
    this.#note(kind, era, this.#differencesIn(kind, listed, differing));
    return selected;
  }

  /** The locked instructions if the upstream gives just these. */
  instructions(said: string | undefined, era: Era): string | undefined {
    const last = this.#lastInstructions.get(era);
    if (last !== undefined && last.said === said) return last.told;
    const locked = this.#instructions;
    const found = said === undefined ? undefined : definitionHash(said);
    const isSame = found === (locked && definitionHash(locked.text));
    const told = isSame ? locked?.text : undefined;
    this.#lastInstructions.set(era, { said, told });
    const problem = locked === undefined ? 'unlocked' : said === undefined ? 'missing' : 'changed';
    this.#note(
      'instructions',
      era,
      isSame ? [] : [differenceOf('instructions', '', problem, locked?.sha256, found)],
    );
    return told;
  }

  /** Names of what is listed and is not locked, or otherwise. */
  #compare(kind: LockedKind, listed: readonly Item[]): ReadonlySet<string> {
    const locked = this.#locked.get(kind)!;
    return new Set(
      listed.flatMap((item) => (locked.get(item.name)?.sha256 === hashOf(item) ? [] : [item.name])),
    );
  }

  #differencesIn(
    kind: LockedKind,
    listed: readonly Item[],
    differing: ReadonlySet<string>,
  ): readonly PinDifference[] {
    const locked = this.#locked.get(kind)!;
    const found = new Map(
      listed.flatMap((item) => {
        const hash = hashOf(item);
        return differing.has(item.name) && locked.get(item.name)?.sha256 !== hash ? [[item.name, hash]] : [];
      }),
    );
    const offered = new Set(listed.map(({ name }) => name));
    const missing = [...locked.keys()].filter((name) => !offered.has(name));
    return [
      ...Array.from(found, ([name, hash]) => {
        const before = locked.get(name)?.sha256;
        return differenceOf(kind, name, before === undefined ? 'unlocked' : 'changed', before, hash);
      }),
      ...missing.map((name) => differenceOf(kind, name, 'missing', locked.get(name)!.sha256, undefined)),
    ];
  }

  /** Told once for each change of what differs. */
  #note(kind: PinDifference['kind'], era: Era, differences: readonly PinDifference[]): void {
    const key = `${kind} ${era}`;
    const before = this.#differences.get(key) ?? [];
    this.#differences.set(key, differences);
    if (JSON.stringify(before) === JSON.stringify(differences)) return;
    const fields = { upstream: this.upstream, kind, era };
    if (differences.length === 0) this.#log.info('a pinned upstream offers what is locked again', fields);
    else
      this.#log.warn('a pinned upstream offers something else than what is locked: it is hidden', {
        ...fields,
        count: differences.length,
        differences: differences.slice(0, MAX_TOLD),
      });
  }
}

const differenceOf = (
  kind: PinDifference['kind'],
  name: string,
  problem: PinDifference['problem'],
  locked: string | undefined,
  found: string | undefined,
): PinDifference => ({
  kind,
  name: shownName(name),
  problem,
  ...(locked === undefined ? {} : { locked }),
  ...(found === undefined ? {} : { found }),
});
