/**
 * The user interface of a tool: the `ui://` resource that a host shows for it (MCP Apps, SEP-1865). A host lets an
 * interface call tools of its own server; behind a gateway those are the tools of all upstreams.
 */

import { membersAt, memberText } from '../json-members.ts';
import { isObject } from '../upstream/message.ts';
import type { JsonPath } from './json-paths.ts';
import type { Entry } from './name-index.ts';
import type { Part } from './part.ts';
import { rewriteObject } from './splice.ts';

/** The key before `_meta.ui`, which hosts still read. */
const FLAT_KEY = 'ui/resourceUri';

/** The paths of the URIs by which a tool names its interface. */
export const toolUiPaths = ({ _meta: meta }: Readonly<Record<string, unknown>>): JsonPath[] => {
  if (!isObject(meta)) return [];
  const paths: JsonPath[] = [];
  if (isObject(meta.ui) && typeof meta.ui.resourceUri === 'string')
    paths.push(['_meta', 'ui', 'resourceUri']);
  if (typeof meta[FLAT_KEY] === 'string') paths.push(['_meta', FLAT_KEY]);
  return paths;
};

const statesVisibility = ({ item }: Entry): boolean => {
  const meta = item.value._meta;
  return isObject(meta) && isObject(meta.ui) && meta.ui.visibility !== undefined;
};

const NOBODY: ReadonlySet<Entry> = new Set();

/**
 * Tools that interfaces of other upstreams could call without anybody having meant it: those of upstreams that have
 * no interface, and those that go by the name that such an interface knows a tool of its own by. A tool that says
 * itself whom it is for is none of them.
 */
export const closedToApps = (entries: readonly Entry[]): ReadonlySet<Entry> => {
  const withUi = new Set<Part>();
  for (const { item, part } of entries) if (item.uiPaths.length > 0) withUi.add(part);
  if (withUi.size === 0) return NOBODY;
  const known = new Map<string, Set<Part>>();
  for (const { item, part } of entries) {
    if (!withUi.has(part)) continue;
    const holders = known.get(item.name) ?? new Set();
    known.set(item.name, holders.add(part));
  }
  const isMistakable = ({ exposedName, part }: Entry): boolean =>
    [...(known.get(exposedName) ?? [])].some((holder) => holder !== part);
  return new Set(
    entries.filter((entry) => !statesVisibility(entry) && (!withUi.has(entry.part) || isMistakable(entry))),
  );
};

const META: ReadonlySet<string> = new Set(['_meta']);
const UI: ReadonlySet<string> = new Set(['ui']);
const VISIBILITY: ReadonlySet<string> = new Set(['visibility']);

/** The tool as one for the model alone, so that hosts refuse calls of it by interfaces. */
export const forModelOnly = (text: string): string => {
  const meta = memberText(text, membersAt(text, 0), '_meta') ?? '{}';
  const ui = memberText(meta, membersAt(meta, 0), 'ui') ?? '{}';
  const narrowed = rewriteObject(ui, VISIBILITY, [['visibility', '["model"]']]);
  return rewriteObject(text, META, [['_meta', rewriteObject(meta, UI, [['ui', narrowed]])]]);
};
