/** One item of a list as a client is told it. */
import { CALLED_BY, promptFacts, resourceFacts, toolFacts } from '../../policies/target-facts.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { Link } from '../upstream/link.ts';
import { adaptationOf } from './bridge/adaptations.ts';
import type { Call, ClientInfo } from './call.ts';
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

/** What the texts of a list depend on, besides what is in its index. */
export interface Asker {
  readonly server: Call['server'];
  readonly view: Call['view'];
  readonly client: Pick<ClientInfo, 'era' | 'revision'>;
}

/** The item as its upstream wrote it, but for its name, the resources that it names and what the server adds or hides. */
const exposedText = (asker: Asker, kind: ListKind, entry: Entry, index: NameIndex, steps: Steps): string => {
  const { item, part, exposedName } = entry;
  const { lists, provenance } = asker.server.node;
  let { text } = item;
  if (exposedName !== item.name)
    text = changeStrings(text, item.value, [[LISTS[kind].key]], () => exposedName);
  const uris = item.uiPaths.length === 0 ? undefined : index.claims.of[asker.view.parts.indexOf(part)];
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
 * The JSON text of an item under its exposed name; undefined if a client of this era must not see it. `link` is what it
 * came by, `steps` are those of the whole list.
 */
export const itemText = (
  asker: Asker,
  kind: ListKind,
  entry: Entry,
  index: NameIndex,
  link: Link | undefined,
  steps: Steps,
): string | undefined => {
  const adaptation = adaptationOf(asker.client, link);
  return adaptation.item(exposedText(asker, kind, entry, index, steps), entry.item.value, kind);
};

/** What is known of a call of the item, by whom `facts` tell of. */
export const itemFacts = (facts: CallFacts, kind: ListKind, entry: Entry): CallFacts => {
  const { exposedName, item, tool } = entry;
  const { mimeType } = item.value;
  const upstream = entry.part.exposure.facts;
  const called = { ...facts, call: { method: CALLED_BY[kind], name: exposedName, id: '' } };
  if (kind === 'tools') return toolFacts(called, tool, upstream);
  if (kind === 'prompts') return promptFacts(called, exposedName, upstream);
  return resourceFacts(called, item.name, typeof mimeType === 'string' ? mimeType : '', upstream);
};
