/** The catalogues of all links that are up, so that clients with the same capabilities share what was fetched. */
import type { Link } from '../upstream/link.ts';
import type { GatewayInfo } from './ask.ts';
import { Catalogue, type ListChanges } from './catalogue.ts';
import type { ListKind } from './method.ts';

/** Variants of client capabilities that are shared on one link; the oldest goes first. */
const MAX_VARIANTS = 64;

interface LinkCatalogues {
  /** Read by every catalogue of the link, those that are shared no longer too. */
  readonly changes: ListChanges;
  readonly variants: Map<string, Catalogue>;
}

const byLink = new WeakMap<Link, LinkCatalogues>();

const cataloguesOf = (link: Link): LinkCatalogues => {
  const known = byLink.get(link);
  if (known !== undefined) return known;
  const changes: ListChanges = { tools: 0, prompts: 0, resources: 0, resourceTemplates: 0 };
  const made: LinkCatalogues = { changes, variants: new Map() };
  byLink.set(link, made);
  return made;
};

/** The catalogue of a link as seen with these client capabilities (JSON text). */
export const catalogueOf = (
  link: Link,
  capabilitiesText: string,
  info: GatewayInfo,
  timeoutMs: number,
): Catalogue => {
  const { changes, variants } = cataloguesOf(link);
  const key = link.era === 'modern' ? capabilitiesText : '';
  const known = variants.get(key);
  if (known !== undefined) return known;
  const catalogue = new Catalogue(link, { info, capabilitiesText }, timeoutMs, changes);
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
  const { changes } = cataloguesOf(link);
  for (const kind of kinds) changes[kind] += 1;
};
