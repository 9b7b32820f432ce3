/**
 * Which upstream a resource belongs to: the one that lists it, else one whose template it fits, else the first that
 * may, and after it the others.
 */
import type { CallFacts } from '../../schema/decision.ts';
import type { Item } from './catalogue.ts';
import type { Part } from './part.ts';
import { expandsTo, parseTemplate, type UriTemplate } from './uri-template.ts';
import type { View } from './view.ts';

const templates = new WeakMap<Item, UriTemplate>();

const templateOf = (item: Item): UriTemplate => {
  const known = templates.get(item);
  if (known !== undefined) return known;
  const parsed = parseTemplate(item.name);
  templates.set(item, parsed);
  return parsed;
};

const MAX_URI_LENGTH = 8192;

const mayOwn = (part: Part, uri: string): boolean =>
  part.exposure.resources.expose(uri) !== undefined &&
  (part.connected === undefined || part.connected.catalogue.offers('resources'));

const candidates = (view: View, uri: string): Part[] => view.parts.filter((part) => mayOwn(part, uri));

/** Which upstream owns a URI, what it calls it, and the media type that it lists it with; empty where it lists none. */
export interface Ownership {
  readonly part: Part | undefined;
  readonly uri: string;
  readonly mimeType: string;
  /** Those that may have it too, where no list and no template says whose it is. */
  readonly others?: readonly Part[];
}

/** The owner of a URI that is called otherwise than its upstream does, as another claims it too. */
const renamed = (view: View, uri: string): Ownership | undefined => {
  const own = view.uris.claims.resolve(uri);
  if (own === undefined) return undefined;
  const part = view.parts[own.at]!;
  return mayOwn(part, own.uri) ? { part, uri: own.uri, mimeType: '' } : undefined;
};

const choose = (view: View, uri: string): Ownership => {
  const listed = view.indexNow('resources').byName.get(uri);
  if (listed !== undefined) {
    const { mimeType } = listed.item.value;
    const told = typeof mimeType === 'string' ? mimeType : '';
    return { part: listed.part, uri: listed.item.name, mimeType: told };
  }
  const named = view.indexNow('resourceTemplates').byName.get(uri);
  if (named !== undefined) return { part: named.part, uri: named.item.name, mimeType: '' };
  return renamed(view, uri) ?? byTemplate(view, uri);
};

/** The first of `parts` that has a template which the URI fits, one that expands to it before all others. */
const fittingPart = (view: View, parts: readonly Part[], uri: string): Part | undefined => {
  const fitting = view
    .indexNow('resourceTemplates')
    .entries.filter(({ item, part }) => parts.includes(part) && templateOf(item).admits(uri));
  const fits = fitting.find(({ item }) => expandsTo(templateOf(item), uri)) ?? fitting[0];
  return fits?.part;
};

/** Which of `parts` says that a URI is its own, by its lists as far as they are known; undefined if none does. */
export const claimantOf = (view: View, parts: readonly Part[], uri: string): Part | undefined =>
  view.indexNow('resources').byName.get(uri)?.part ?? fittingPart(view, parts, uri);

const byTemplate = (view: View, uri: string): Ownership => {
  const parts = candidates(view, uri);
  const fitting = fittingPart(view, parts, uri);
  if (fitting !== undefined) return { part: fitting, uri, mimeType: '' };
  const [first, ...others] = parts.filter((part) => part.connected !== undefined);
  return { part: first ?? parts[0], uri, mimeType: '', others };
};

/**
 * The owner of a URI, at once where only one upstream can be it. With `listed`, the media type is told too, for
 * which the lists are fetched.
 */
export const ownerOf = (view: View, uri: string, listed: boolean): Ownership | Promise<Ownership> => {
  if (uri.length > MAX_URI_LENGTH) return { part: undefined, uri, mimeType: '' };
  const connecting = view.parts.some((part) => part.ready() !== undefined);
  if (!connecting && !listed && view.uris.isKnown) {
    const found = renamed(view, uri);
    if (found !== undefined) return found;
    const parts = candidates(view, uri);
    if (parts.length <= 1) return { part: parts[0], uri, mimeType: '' };
  }
  return searchOwner(view, uri, listed);
};

const searchOwner = async (view: View, uri: string, listed: boolean): Promise<Ownership> => {
  await view.prepare(undefined);
  if (listed || !view.uris.isKnown || candidates(view, uri).length > 1)
    await Promise.all([view.prepare('resources'), view.prepare('resourceTemplates'), view.uris.learn()]);
  return choose(view, uri);
};

/**
 * What policies see of a read of a resource, or of what follows it: completion, subscription, a list. `uri` is the
 * upstream's own: rules are written for that, whatever other upstreams claim.
 */
export const resourceFacts = (
  facts: CallFacts,
  uri: string,
  { part, mimeType }: Pick<Ownership, 'part' | 'mimeType'>,
): CallFacts => ({
  ...facts,
  ...(part === undefined ? undefined : { upstream: { name: part.exposure.upstream.name } }),
  call: { method: 'resources/read', name: uri, id: facts.call.id },
  resource: { uri, mimeType },
});
