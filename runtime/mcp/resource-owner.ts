/** Which upstream a resource belongs to: the one that lists it, else one whose template it fits, else the first that may. */
import { compileGlobs, type Matcher } from '../../policies/glob.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { Item } from './catalogue.ts';
import type { Part } from './part.ts';
import type { View } from './view.ts';

const EXPRESSION = /\{[^{}]*\}/g;

const templates = new WeakMap<Item, Matcher>();

/** An RFC 6570 template as a glob: any expression may expand to any text. Linear, whatever an upstream writes. */
const templateMatcher = (item: Item): Matcher => {
  const known = templates.get(item);
  if (known !== undefined) return known;
  const matcher = compileGlobs([item.name.replace(EXPRESSION, '*')]);
  templates.set(item, matcher);
  return matcher;
};

const MAX_URI_LENGTH = 8192;

const candidates = (view: View, uri: string): Part[] =>
  view.parts.filter(
    (part) =>
      part.exposure.resources.expose(uri) !== undefined &&
      (part.connected === undefined || part.connected.catalogue.offers('resources')),
  );

const choose = (view: View, parts: readonly Part[], uri: string): Part | undefined => {
  const listed = view.indexNow('resources').byName.get(uri);
  if (listed !== undefined) return listed.part;
  for (const { item, part } of view.indexNow('resourceTemplates').entries)
    if (parts.includes(part) && templateMatcher(item)(uri)) return part;
  return parts.find((part) => part.connected !== undefined) ?? parts[0];
};

/** Which upstream owns a URI, and the media type that it lists it with; empty where it lists none. */
export interface Ownership {
  readonly part: Part | undefined;
  readonly mimeType: string;
}

const NOBODY: Ownership = Object.freeze({ part: undefined, mimeType: '' });

/**
 * The owner of a URI, at once where only one upstream can be it. With `listed`, the media type is told too, for
 * which the lists are fetched.
 */
export const ownerOf = (view: View, uri: string, listed: boolean): Ownership | Promise<Ownership> => {
  if (uri.length > MAX_URI_LENGTH) return NOBODY;
  const connecting = view.parts.some((part) => part.ready() !== undefined);
  if (!connecting && !listed) {
    const parts = candidates(view, uri);
    if (parts.length <= 1) return { part: parts[0], mimeType: '' };
  }
  return searchOwner(view, uri, listed);
};

const searchOwner = async (view: View, uri: string, listed: boolean): Promise<Ownership> => {
  await view.prepare(undefined);
  if (listed || candidates(view, uri).length > 1)
    await Promise.all([view.prepare('resources'), view.prepare('resourceTemplates')]);
  const part = choose(view, candidates(view, uri), uri);
  const mimeType = view.indexNow('resources').byName.get(uri)?.item.value.mimeType;
  return { part, mimeType: typeof mimeType === 'string' ? mimeType : '' };
};

/** What policies see of a read of a resource, or of what follows it: completion, subscription, a list. */
export const resourceFacts = (facts: CallFacts, uri: string, { part, mimeType }: Ownership): CallFacts => ({
  ...facts,
  ...(part === undefined ? undefined : { upstream: { name: part.exposure.upstream.name } }),
  call: { method: 'resources/read', name: uri, id: facts.call.id },
  resource: { uri, mimeType },
});
