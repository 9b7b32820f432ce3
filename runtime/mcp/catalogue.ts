/** What one upstream offers over one link: its lists, fetched whole, kept while fresh. */
import { parseExactly } from '../../schema/escaped-keys.ts';
import { GatewayError } from '../errors.ts';
import { elementsAt, hasDuplicate, membersAt } from '../json-members.ts';
import type { Link } from '../upstream/link.ts';
import type { AskContext } from './ask.ts';
import type { JsonPath } from './json-paths.ts';
import type { ListKind } from './method.ts';
import { pageAsks } from './page-asks.ts';
import { type ParamHeader, paramHeadersOf } from './param-header.ts';
import { toolUiPaths } from './tool-ui.ts';

/** One tool, prompt, resource or template, as the upstream wrote it. */
export interface Item {
  /** Name of a tool or prompt, URI of a resource, URI template of a template. */
  readonly name: string;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Tools only: the arguments that are mirrored in headers. */
  readonly paramHeaders: readonly ParamHeader[];
  /** Tools only: where it names its user interface. */
  readonly uiPaths: readonly JsonPath[];
}

/** All pages of one list. */
export interface Listing {
  readonly items: readonly Item[];
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
  readonly fetchedMs: number;
  /** How often the list was known to have changed when its fetch began. */
  readonly changes: number;
  /** False where the upstream's pages did not come to an end. */
  readonly isWhole: boolean;
}

/** What all catalogues of a link share. */
export interface LinkLists {
  /** How often the upstream has said that a list changed. */
  readonly changes: Record<ListKind, number>;
  /** The items that were fetched last: those that another client is shown alike are kept once. */
  readonly latest: Map<ListKind, readonly Item[]>;
}

/** The state of a link whose lists nobody has fetched. */
export const newLinkLists = (): LinkLists => ({
  changes: { tools: 0, prompts: 0, resources: 0, resourceTemplates: 0 },
  latest: new Map(),
});

interface Pending {
  readonly changes: number;
  readonly listing: Promise<Listing>;
}

interface ListSpec {
  readonly method: string;
  readonly member: string;
  readonly key: string;
  readonly capability: string;
}

export const LISTS: Readonly<Record<ListKind, ListSpec>> = {
  tools: { method: 'tools/list', member: 'tools', key: 'name', capability: 'tools' },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name', capability: 'prompts' },
  resources: { method: 'resources/list', member: 'resources', key: 'uri', capability: 'resources' },
  resourceTemplates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
  },
};

const MAX_PAGES = 1000;
const MAX_ITEMS = 100_000;
/** An upstream's word that its list stays as it is counts no longer than this. */
const MAX_TTL_MS = 3_600_000;

const parseItem = (kind: ListKind, text: string): Item | undefined => {
  const value = parseExactly(text) as Record<string, unknown>;
  const name = value === null || typeof value !== 'object' ? undefined : value[LISTS[kind].key];
  if (typeof name !== 'string' || hasDuplicate(membersAt(text, 0).keys)) return undefined;
  const paramHeaders = kind === 'tools' ? paramHeadersOf(value.inputSchema) : [];
  const uiPaths = kind === 'tools' ? toolUiPaths(value) : [];
  return paramHeaders === undefined ? undefined : { name, text, value, paramHeaders, uiPaths };
};

/**
 * An item that cannot be read, nested too deeply for instance, or that readers could take for different things, is
 * left out: it must not take its list along.
 */
export const readItem = (kind: ListKind, text: string): Item | undefined => {
  try {
    return parseItem(kind, text);
  } catch {
    return undefined;
  }
};

const readPage = (kind: ListKind, text: string, known: ReadonlyMap<string, Item>): Item[] => {
  const root = membersAt(text, 0);
  const result = membersAt(text, root.starts[root.keys.indexOf('result')] ?? text.length);
  const at = result.starts[result.keys.indexOf(LISTS[kind].member)];
  if (at === undefined) throw new GatewayError('upstream_protocol', 'the upstream answered without a list');
  const items = elementsAt(text, at).map(([start, end]) => {
    const itemText = text.slice(start, end);
    return known.get(itemText) ?? readItem(kind, itemText);
  });
  return items.filter((item) => item !== undefined);
};

/** The lists of one upstream as one client's capabilities show them. */
export class Catalogue {
  readonly #link: Link;
  readonly #context: AskContext;
  readonly #timeoutMs: number;
  readonly #lists: LinkLists;
  readonly #listings = new Map<ListKind, Listing>();
  readonly #pending = new Map<ListKind, Pending>();

  /** @param timeoutMs for all pages of a list together */
  constructor(link: Link, context: AskContext, timeoutMs: number, lists: LinkLists) {
    this.#link = link;
    this.#context = context;
    this.#timeoutMs = timeoutMs;
    this.#lists = lists;
  }

  /** Whether the upstream has lists of this kind at all. */
  offers(kind: ListKind): boolean {
    return this.#link.peer.capabilities[LISTS[kind].capability] !== undefined;
  }

  /** The last listing, however old; undefined if there was none or it is known to have changed. */
  peek(kind: ListKind): Listing | undefined {
    const known = this.#listings.get(kind);
    return known?.changes === this.#lists.changes[kind] ? known : undefined;
  }

  /** Whether the last listing is within its upstream's `ttlMs`. */
  isFresh(kind: ListKind): boolean {
    const known = this.peek(kind);
    return known !== undefined && performance.now() - known.fetchedMs < known.ttlMs;
  }

  /** A listing that is younger than `maxAgeMs`, or within the upstream's own `ttlMs`; fetched if need be. */
  fetch(kind: ListKind, maxAgeMs: number, callerHeaders: readonly string[]): Promise<Listing> {
    const known = this.peek(kind);
    if (known !== undefined && performance.now() - known.fetchedMs < Math.max(maxAgeMs, known.ttlMs))
      return Promise.resolve(known);
    return this.refetch(kind, callerHeaders);
  }

  /** A listing fetched now, or by a fetch that began after the last change that is known. */
  refetch(kind: ListKind, callerHeaders: readonly string[]): Promise<Listing> {
    return this.#pendingNow(kind) ?? this.#begin(kind, callerHeaders, false);
  }

  /** The list has changed: what is known of it, and what is being fetched, counts no more, nowhere on the link. */
  invalidate(kind: ListKind): void {
    this.#lists.changes[kind] += 1;
  }

  #pendingNow(kind: ListKind): Promise<Listing> | undefined {
    const pending = this.#pending.get(kind);
    return pending?.changes === this.#lists.changes[kind] ? pending.listing : undefined;
  }

  #begin(kind: ListKind, callerHeaders: readonly string[], isSecond: boolean): Promise<Listing> {
    const changes = this.#lists.changes[kind];
    const listing = this.#fetchPages(kind, callerHeaders, changes)
      .then((fetched) => this.#take(kind, fetched, callerHeaders, isSecond))
      .finally(() => {
        if (this.#pending.get(kind)?.listing === listing) this.#pending.delete(kind);
      });
    this.#pending.set(kind, { changes, listing });
    return listing;
  }

  /**
   * Keeps what was fetched. Where the list changed in the meantime it is fetched once more, and what comes then is
   * kept as stale if that was overtaken too: an upstream may tell of a change whenever it is asked.
   */
  #take(
    kind: ListKind,
    fetched: Listing,
    callerHeaders: readonly string[],
    isSecond: boolean,
  ): Listing | Promise<Listing> {
    const changes = this.#lists.changes[kind];
    if (fetched.changes !== changes) {
      const newer = this.peek(kind) ?? this.#pendingNow(kind);
      if (newer !== undefined) return newer;
      if (!isSecond) return this.#begin(kind, callerHeaders, true);
    }
    const kept = fetched.changes === changes ? fetched : { ...fetched, changes, ttlMs: 0 };
    this.#listings.set(kind, kept);
    return kept;
  }

  async #fetchPages(kind: ListKind, callerHeaders: readonly string[], changes: number): Promise<Listing> {
    const context = { ...this.#context, headers: callerHeaders };
    const askPage = pageAsks(this.#link, LISTS[kind].method, context, this.#timeoutMs);
    const items: Item[] = [];
    const known = new Map(this.#lists.latest.get(kind)?.map((item) => [item.text, item]));
    const cursors = new Set<string>();
    let ttlMs = MAX_TTL_MS;
    let cacheScope: Listing['cacheScope'] = 'public';
    let params: { readonly cursor?: string } = {};
    let isWhole = false;
    while (cursors.size < MAX_PAGES && items.length < MAX_ITEMS) {
      const { text, result } = await askPage(params);
      for (const item of readPage(kind, text, known)) items.push(item);
      ttlMs = Math.min(ttlMs, typeof result.ttlMs === 'number' ? Math.max(0, result.ttlMs) : 0);
      if (result.cacheScope !== 'public') cacheScope = 'private';
      const cursor = result.nextCursor;
      isWhole = typeof cursor !== 'string';
      if (typeof cursor !== 'string' || cursors.has(cursor)) break;
      cursors.add(cursor);
      params = { cursor };
    }
    const kept = this.#sameAsBefore(kind, items);
    this.#lists.latest.set(kind, kept);
    return { items: kept, ttlMs, cacheScope, fetchedMs: performance.now(), changes, isWhole };
  }

  /** What was fetched before, where it is the same: all that was made of it can then be kept. */
  #sameAsBefore(kind: ListKind, items: readonly Item[]): readonly Item[] {
    const before = this.#listings.get(kind)?.items;
    if (before?.length !== items.length) return items;
    return items.every((item, at) => item === before[at]) ? before : items;
  }
}
