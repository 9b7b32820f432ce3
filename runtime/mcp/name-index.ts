/** Exposed names to items: built once from the listings of all parts, again when one of them changes. */
import type { ToolAnnotations } from '../../schema/decision.ts';
import { DEFAULT_ANNOTATIONS } from '../../schema/decision.ts';
import type { Item } from './catalogue.ts';
import type { ListKind } from './method.ts';
import { encodeHeaderValue } from './param-header.ts';
import type { Part } from './part.ts';

/** An item under the name that callers use. */
export interface Entry {
  readonly exposedName: string;
  readonly item: Item;
  readonly part: Part;
  /** The upstream's name as the value of Mcp-Name. */
  readonly mirroredName: string;
  /** What policies see of a tool; shared by all calls of it. */
  readonly tool: { readonly name: string; readonly upstream: string; readonly annotations: ToolAnnotations };
}

export interface NameIndex {
  /** In the order of exposures, then of the upstreams. */
  readonly entries: readonly Entry[];
  readonly byName: ReadonlyMap<string, Entry>;
  /** What each part listed when this was built; undefined where that was not known. */
  readonly items: readonly (readonly Item[] | undefined)[];
  /** Exposed names that more than one upstream claims: the first keeps it, the others are not served. */
  readonly clashes: readonly { readonly name: string; readonly kept: string; readonly refused: string }[];
}

const flag = (value: unknown, fallback: boolean): boolean => (typeof value === 'boolean' ? value : fallback);

const annotationsOf = (item: Item, honoured: boolean): ToolAnnotations => {
  const own = item.value.annotations;
  if (!honoured || typeof own !== 'object' || own === null) return DEFAULT_ANNOTATIONS;
  const stated = own as Readonly<Record<string, unknown>>;
  return {
    title: typeof stated.title === 'string' ? stated.title : '',
    readOnlyHint: flag(stated.readOnlyHint, DEFAULT_ANNOTATIONS.readOnlyHint),
    destructiveHint: flag(stated.destructiveHint, DEFAULT_ANNOTATIONS.destructiveHint),
    idempotentHint: flag(stated.idempotentHint, DEFAULT_ANNOTATIONS.idempotentHint),
    openWorldHint: flag(stated.openWorldHint, DEFAULT_ANNOTATIONS.openWorldHint),
  };
};

const entryOf = (part: Part, kind: ListKind, item: Item): Entry | undefined => {
  const { exposure } = part;
  const names =
    kind === 'tools' ? exposure.tools : kind === 'prompts' ? exposure.prompts : exposure.resources;
  const exposedName = names.expose(item.name);
  if (exposedName === undefined) return undefined;
  const honoured = exposure.upstreamNode.annotations === 'honour';
  return {
    exposedName,
    item,
    part,
    mirroredName: encodeHeaderValue(item.name),
    tool: { name: exposedName, upstream: exposure.upstream.name, annotations: annotationsOf(item, honoured) },
  };
};

/** Builds the index of one kind. Parts without a listing contribute nothing. */
export const buildNameIndex = (parts: readonly Part[], kind: ListKind): NameIndex => {
  const items = parts.map((part) => part.connected?.catalogue.peek(kind)?.items);
  const entries: Entry[] = [];
  const byName = new Map<string, Entry>();
  const clashes: NameIndex['clashes'][number][] = [];
  for (const [at, part] of parts.entries()) {
    for (const item of items[at] ?? []) {
      const entry = entryOf(part, kind, item);
      if (entry === undefined) continue;
      const holder = byName.get(entry.exposedName);
      if (holder === undefined) {
        byName.set(entry.exposedName, entry);
        entries.push(entry);
      } else if (holder.part !== part) {
        const kept = holder.part.exposure.upstream.name;
        clashes.push({ name: entry.exposedName, kept, refused: part.exposure.upstream.name });
      }
    }
  }
  return { entries, byName, items, clashes };
};
