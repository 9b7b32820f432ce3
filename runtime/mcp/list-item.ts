/** One item of a list as a client is told it. */
import { adaptationOf } from './bridge/adaptations.ts';
import type { Call } from './call.ts';
import { LISTS } from './catalogue.ts';
import { changeStrings, dropMembers, type JsonPath } from './json-paths.ts';
import type { ListKind } from './method.ts';
import type { Entry, NameIndex } from './name-index.ts';
import { labelled } from './provenance.ts';
import { forModelOnly } from './tool-ui.ts';
import type { Steps } from './uri-template.ts';

/** Where a tool's schema says that an argument is mirrored in a header. */
const annotationPath = (path: readonly string[]): JsonPath => [
  'inputSchema',
  ...path.flatMap((name) => ['properties', name]),
  'x-mcp-header',
];

/** The item as its upstream wrote it, but for its name, the resources that it names and what the server adds or hides. */
const exposedText = (call: Call, kind: ListKind, entry: Entry, index: NameIndex, steps: Steps): string => {
  const { item, part, exposedName } = entry;
  const { lists, provenance } = call.server.node;
  let { text } = item;
  if (exposedName !== item.name)
    text = changeStrings(text, item.value, [[LISTS[kind].key]], () => exposedName);
  const uris = item.uiPaths.length === 0 ? undefined : index.claims.of[call.view.parts.indexOf(part)];
  if (uris !== undefined)
    text = changeStrings(text, item.value, item.uiPaths, (uri) => uris.expose(uri, steps));
  if (lists.paramHeaders === 'strip' && item.paramHeaders.length > 0)
    text = dropMembers(
      text,
      item.paramHeaders.map(({ path }) => annotationPath(path)),
    );
  if (index.closedToApps.has(entry)) text = forModelOnly(text);
  return provenance ? labelled(text, part.exposure.upstream.name) : text;
};

/**
 * The JSON text of an item under its exposed name; undefined if a client of this era must not see it. `steps` are
 * those of the whole list.
 */
export const itemText = (
  call: Call,
  kind: ListKind,
  entry: Entry,
  index: NameIndex,
  steps: Steps,
): string | undefined => {
  const adaptation = adaptationOf(call.client, entry.part.connected?.link);
  return adaptation.item(exposedText(call, kind, entry, index, steps), entry.item.value, kind);
};
