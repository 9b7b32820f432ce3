/** The catalogues of all links that are up, so that clients with the same capabilities share what was fetched. */
import type { Link } from '../upstream/link.ts';
import type { GatewayInfo } from './ask.ts';
import { Catalogue } from './catalogue.ts';
import type { ListKind } from './method.ts';

/** Variants of client capabilities that are told apart on one link; the oldest goes first. */
const MAX_VARIANTS = 64;

const byLink = new WeakMap<Link, Map<string, Catalogue>>();

/** The catalogue of a link as seen with these client capabilities (JSON text). */
export const catalogueOf = (
  link: Link,
  capabilitiesText: string,
  info: GatewayInfo,
  timeoutMs: number,
): Catalogue => {
  const variants = byLink.get(link) ?? new Map<string, Catalogue>();
  byLink.set(link, variants);
  const key = link.era === 'modern' ? capabilitiesText : '';
  const known = variants.get(key);
  if (known !== undefined) return known;
  const catalogue = new Catalogue(link, { info, capabilitiesText }, timeoutMs);
  variants.set(key, catalogue);
  if (variants.size > MAX_VARIANTS) variants.delete(variants.keys().next().value!);
  return catalogue;
};

const CHANGES: Readonly<Record<string, readonly ListKind[]>> = {
  'notifications/tools/list_changed': ['tools'],
  'notifications/prompts/list_changed': ['prompts'],
  'notifications/resources/list_changed': ['resources', 'resourceTemplates'],
};

/** Takes note of a change notification of a link. */
export const noteChange = (link: Link, method: string): void => {
  const kinds = CHANGES[method];
  if (kinds === undefined) return;
  for (const catalogue of byLink.get(link)?.values() ?? [])
    for (const kind of kinds) catalogue.invalidate(kind);
};
