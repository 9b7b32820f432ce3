/** Exposed names to items: built once from the listings of all parts, again when one of them changes. */
import { annotationsOf } from '../../policies/annotations.ts';
import type { ToolFacts } from '../../schema/decision.ts';
import type { Item } from './catalogue.ts';
import type { ListKind } from './method.ts';
import { encodeHeaderValue } from './param-header.ts';
import type { Part } from './part.ts';
import { closedToApps } from './tool-ui.ts';
import type { ClaimedUris, UriClaims } from './uri-claims.ts';
import { requestSteps, type Steps } from './uri-template.ts';

/** An item under the name that callers use. */
export interface Entry {
  readonly exposedName: string;
  readonly item: Item;
  readonly part: Part;
  /** The upstream's name as the value of Mcp-Name. */
  readonly mirroredName: string;
  /** What policies see of a tool; shared by all calls of it. */
  readonly tool: ToolFacts;
}

export interface NameIndex {
  /** In the order of exposures, then of the upstreams. */
  readonly entries: readonly Entry[];
  readonly byName: ReadonlyMap<string, Entry>;
  /** What each part listed when this was built; undefined where that was not known. */
  readonly items: readonly (readonly Item[] | undefined)[];
  /** Whether items name resources, so that they depend on whose the URIs are. */
  readonly usesUris: boolean;
  /** Whose they were when this was built. */
  readonly claims: UriClaims;
  /** Tools that are for the model alone, as interfaces of other upstreams could call them. */
  readonly closedToApps: ReadonlySet<Entry>;
  /** Exposed names that more than one upstream claims: the first keeps it, the others are not served. */
  readonly clashes: readonly { readonly name: string; readonly kept: string; readonly refused: string }[];
}

/** The name that callers use for what the upstream lists; undefined where it is not exposed. */
const exposedName = (
  { exposure }: Part,
  kind: ListKind,
  name: string,
  uris: ClaimedUris | undefined,
  steps: Steps,
): string | undefined => {
  if (kind === 'tools' || kind === 'prompts') return exposure[kind].expose(name);
  return exposure.resources.expose(name) === undefined ? undefined : (uris?.expose(name, steps) ?? name);
};

const entryOf = (part: Part, item: Item, name: string): Entry => {
  const { exposure } = part;
  const honoured = exposure.upstreamNode.annotations === 'honour';
  return {
    exposedName: name,
    item,
    part,
    mirroredName: encodeHeaderValue(item.name),
    tool: {
      name,
      upstream: exposure.upstream.name,
      annotations: annotationsOf(item.value, honoured),
      labels: exposure.labels.ofTool(item.name),
    },
  };
};

/** Exposed names that are pinned, with whose they are: whether it offers them at the moment or not. */
const pinnedNames = (parts: readonly Part[], kind: ListKind): ReadonlyMap<string, Part> => {
  const pinned = new Map<string, Part>();
  if (kind !== 'tools' && kind !== 'prompts') return pinned;
  for (const part of parts) {
    for (const upstreamName of part.exposure.pin?.names(kind) ?? []) {
      const name = part.exposure[kind].expose(upstreamName);
      if (name !== undefined && !pinned.has(name)) pinned.set(name, part);
    }
  }
  return pinned;
};

/** What a part lists, as far as it may be shown. */
const shownItems = ({ connected, exposure }: Part, kind: ListKind, listed: readonly Item[] | undefined) =>
  listed === undefined || exposure.pin === undefined || connected === undefined
    ? (listed ?? [])
    : exposure.pin.select(kind, listed, connected.link.era);

/** Builds the index of one kind. Parts without a listing contribute nothing. */
export const buildNameIndex = (parts: readonly Part[], kind: ListKind, claims: UriClaims): NameIndex => {
  const items = parts.map((part) => part.connected?.catalogue.peek(kind)?.items);
  const entries: Entry[] = [];
  const byName = new Map<string, Entry>();
  const clashes: NameIndex['clashes'][number][] = [];
  const steps = requestSteps();
  const pinned = pinnedNames(parts, kind);
  for (const [at, part] of parts.entries()) {
    for (const item of shownItems(part, kind, items[at])) {
      const name = exposedName(part, kind, item.name, claims.of[at], steps);
      if (name === undefined) continue;
      const holder = byName.get(name);
      const pinnedTo = pinned.get(name) ?? part;
      if (pinnedTo !== part) {
        clashes.push({ name, kept: pinnedTo.exposure.upstream.name, refused: part.exposure.upstream.name });
      } else if (holder === undefined) {
        const entry = entryOf(part, item, name);
        byName.set(name, entry);
        entries.push(entry);
      } else if (holder.part !== part) {
        const kept = holder.part.exposure.upstream.name;
        clashes.push({ name, kept, refused: part.exposure.upstream.name });
      }
    }
  }
  const isShared = parts.length > 1;
  const namesInterfaces = kind === 'tools' && entries.some(({ item }) => item.uiPaths.length > 0);
  const usesUris = isShared && (namesInterfaces || kind === 'resources' || kind === 'resourceTemplates');
  const closed = closedToApps(isShared && namesInterfaces ? entries : []);
  return { entries, byName, items, usesUris, claims, closedToApps: closed, clashes };
};
