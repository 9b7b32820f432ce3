/** One item of a list as a client is told it. */
import type { Call } from './call.ts';
import { LISTS } from './catalogue.ts';
import { adaptationOf } from './forward.ts';
import { changeStrings, type JsonPath } from './json-paths.ts';
import type { ListKind } from './method.ts';
import type { Entry } from './name-index.ts';
import type { UriClaims } from './uri-claims.ts';

/** The item as its upstream wrote it, but for its name and for the resources that it names. */
const exposedText = (
  call: Call,
  kind: ListKind,
  { item, part, exposedName }: Entry,
  claims: UriClaims,
): string => {
  const paths: JsonPath[] = exposedName === item.name ? [] : [[LISTS[kind].key]];
  const uris = item.uiPaths.length === 0 ? undefined : claims.of[call.view.parts.indexOf(part)];
  const renamed = changeStrings(item.text, item.value, paths, () => exposedName);
  if (uris === undefined) return renamed;
  return changeStrings(renamed, item.value, item.uiPaths, (uri) => uris.expose(uri));
};

/** The JSON text of an item under its exposed name; undefined if a client of this era must not see it. */
export const itemText = (call: Call, kind: ListKind, entry: Entry, claims: UriClaims): string | undefined => {
  const { item, part } = entry;
  const linkEra = part.connected?.link.era ?? call.client.era;
  return adaptationOf(call.client.era, linkEra).item(exposedText(call, kind, entry, claims), item.value);
};
