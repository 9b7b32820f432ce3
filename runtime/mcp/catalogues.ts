/** The catalogues of all links that are up, so that clients with the same capabilities share what was fetched. */
import type { Link } from '../upstream/link.ts';
import type { GatewayInfo } from './ask.ts';
import { Catalogue, type LinkLists, newLinkLists } from './catalogue.ts';
import type { ListKind } from './method.ts';

/** Variants of client capabilities that are shared on one link; the oldest goes first. */
const MAX_VARIANTS = 64;

interface LinkCatalogues {
  /** Held by every catalogue of the link, those that are shared no longer too. */
  readonly lists: LinkLists;
  readonly variants: Map<string, Catalogue>;
}

const byLink = new WeakMap<Link, LinkCatalogues>();

const cataloguesOf = (link: Link): LinkCatalogues => {
  const known = byLink.get(link);
  if (known !== undefined) return known;
  const made: LinkCatalogues = { lists: newLinkLists(), variants: new Map() };
  byLink.set(link, made);
  return made;
};

/** The catalogue of a link as seen with these client capabilities (JSON text) and headers of callers (their key). */
export const catalogueOf = (
  link: Link,
  capabilitiesText: string,
  info: GatewayInfo,
  timeoutMs: number,
  headers: string,
): Catalogue => {
  const { lists, variants } = cataloguesOf(link);
  const key = link.era === 'modern' ? capabilitiesText + headers : headers;
  const known = variants.get(key);
  if (known !== undefined) return known;
  const catalogue = new Catalogue(link, { info, capabilitiesText }, timeoutMs, lists);
  variants.set(key, catalogue);
  if (variants.size > MAX_VARIANTS) variants.delete(variants.keys().next().value!);
  return catalogue;
};

const CHANGED: ReadonlyMap<string, readonly ListKind[]> = new Map([
  ['notifications/tools/list_changed', ['tools']],
  ['notifications/prompts/list_changed', ['prompts']],
  ['notifications/resources/list_changed', ['resources', 'resourceTemplates']],
]);

/** Takes note of a change notification of a link: what its catalogues know of that list counts no more. */
export const noteChange = (link: Link, method: string): void => {
  const kinds = CHANGED.get(method);
  if (kinds === undefined) return;
  const { lists } = cataloguesOf(link);
  for (const kind of kinds) lists.changes[kind] += 1;
};

/** Changes of a link may have been missed: none of its lists counts any more. */
export const noteGap = (link: Link): void => {
  for (const method of CHANGED.keys()) noteChange(link, method);
};
