/** What one upstream offers over one link: its lists, fetched whole, kept while fresh. */
import { GatewayError } from '../errors.ts';
import type { Link } from '../upstream/link.ts';
import { type AskContext, ask } from './ask.ts';
import { elementsAt, membersAt } from './json-members.ts';
import type { ListKind } from './method.ts';
import { type ParamHeader, paramHeadersOf } from './param-header.ts';

/** One tool, prompt, resource or template, as the upstream wrote it. */
export interface Item {
  /** Name of a tool or prompt, URI of a resource, URI template of a template. */
  readonly name: string;
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Tools only: the arguments that are mirrored in headers. */
  readonly paramHeaders: readonly ParamHeader[];
}

/** All pages of one list. */
export interface Listing {
  readonly items: readonly Item[];
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
  readonly fetchedMs: number;
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

const readItem = (kind: ListKind, text: string): Item | undefined => {
  const value = JSON.parse(text) as Record<string, unknown>;
  const name = value === null || typeof value !== 'object' ? undefined : value[LISTS[kind].key];
  if (typeof name !== 'string') return undefined;
  const paramHeaders = kind === 'tools' ? paramHeadersOf(value.inputSchema) : [];
  return paramHeaders === undefined ? undefined : { name, text, value, paramHeaders };
};

const readPage = (kind: ListKind, text: string): Item[] => {
  const root = membersAt(text, 0);
  const result = membersAt(text, root.starts[root.keys.indexOf('result')] ?? text.length);
  const at = result.starts[result.keys.indexOf(LISTS[kind].member)];
  if (at === undefined) throw new GatewayError('upstream_protocol', 'the upstream answered without a list');
  const items = elementsAt(text, at).map(([start, end]) => readItem(kind, text.slice(start, end)));
  return items.filter((item) => item !== undefined);
};

/** The lists of one upstream as one client's capabilities show them. */
export class Catalogue {
  readonly #link: Link;
  readonly #context: AskContext;
  readonly #timeoutMs: number;
  readonly #listings = new Map<ListKind, Listing>();
  readonly #pending = new Map<ListKind, Promise<Listing>>();

  constructor(link: Link, context: AskContext, timeoutMs: number) {
    this.#link = link;
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether the upstream has lists of this kind at all. */
  offers(kind: ListKind): boolean {
    return this.#link.peer.capabilities[LISTS[kind].capability] !== undefined;
  }

  /** The last listing, however old; undefined if there was none or it is known to have changed. */
  peek(kind: ListKind): Listing | undefined {
    return this.#listings.get(kind);
  }

  /** A listing that is younger than `maxAgeMs`, or within the upstream's own `ttlMs`; fetched if need be. */
  fetch(kind: ListKind, maxAgeMs: number): Promise<Listing> {
    const known = this.#listings.get(kind);
    if (known !== undefined && performance.now() - known.fetchedMs < Math.max(maxAgeMs, known.ttlMs))
      return Promise.resolve(known);
    return this.refetch(kind);
  }

  /** A listing fetched now, or by a fetch that is under way. */
  refetch(kind: ListKind): Promise<Listing> {
    const pending = this.#pending.get(kind);
    if (pending !== undefined) return pending;
    const fetched = this.#fetchPages(kind).finally(() => {
      if (this.#pending.get(kind) === fetched) this.#pending.delete(kind);
    });
    this.#pending.set(kind, fetched);
    return fetched;
  }

  /** The upstream said that the list changed: what is known, and what is being fetched, counts no more. */
  invalidate(kind: ListKind): void {
    this.#listings.delete(kind);
    this.#pending.delete(kind);
  }

  async #fetchPages(kind: ListKind): Promise<Listing> {
    const items: Item[] = [];
    let ttlMs = Number.POSITIVE_INFINITY;
    let cacheScope: Listing['cacheScope'] = 'public';
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && items.length < MAX_ITEMS; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const { text, result } = await ask(
        this.#link,
        LISTS[kind].method,
        params,
        this.#context,
        this.#timeoutMs,
      );
      items.push(...readPage(kind, text));
      ttlMs = Math.min(ttlMs, typeof result.ttlMs === 'number' ? Math.max(0, result.ttlMs) : 0);
      if (result.cacheScope !== 'public') cacheScope = 'private';
      const next = result.nextCursor;
      if (typeof next !== 'string' || next === cursor) break;
      cursor = next;
    }
    const listing: Listing = { items, ttlMs, cacheScope, fetchedMs: performance.now() };
    this.#listings.set(kind, listing);
    return listing;
  }
}
