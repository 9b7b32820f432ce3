/** The catalogues of all links that are up, so that clients with the same capabilities share what was fetched. */
import type { Link } from '../upstream/link.ts';
import type { GatewayInfo } from './ask.ts';
import { canonicalJson } from './canonical-json.ts';
import { Catalogue, type LinkLists, newLinkLists } from './catalogue.ts';
import type { ListKind } from './method.ts';
import { OwnedVariants } from './owned-variants.ts';

/** Variants of client capabilities that are shared on one link. */
const MAX_VARIANTS = 64;
/** Those of one principal. */
const MAX_OWN_VARIANTS = 32;

interface LinkCatalogues {
  /** Held by every catalogue of the link, those that are shared no longer too. */
  readonly lists: LinkLists;
  readonly variants: OwnedVariants<Catalogue>;
}

const byLink = new WeakMap<Link, LinkCatalogues>();

const cataloguesOf = (link: Link): LinkCatalogues => {
  const known = byLink.get(link);
  if (known !== undefined) return known;
  const variants = new OwnedVariants<Catalogue>(MAX_VARIANTS, MAX_OWN_VARIANTS);
  const made: LinkCatalogues = { lists: newLinkLists(), variants };
  byLink.set(link, made);
  return made;
};

/**
 * The catalogue of a link as seen with these client capabilities (JSON text, whose spelling makes no difference) and
 * headers of callers (their key).
 * @param owner key of the principal who wants it
 * @param timeoutMs for a whole list
 */
export const catalogueOf = (
  link: Link,
  owner: string,
  capabilitiesText: string,
  info: GatewayInfo,
  timeoutMs: number,
  headers: string,
): Catalogue => {
  const { lists, variants } = cataloguesOf(link);
  const key = link.era === 'modern' ? canonicalJson(capabilitiesText, 0) + headers : headers;
  const known = variants.use(key);
  if (known !== undefined) return known;
  const catalogue = new Catalogue(link, { info, capabilitiesText }, timeoutMs, lists);
  variants.add(owner, key, catalogue);
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
