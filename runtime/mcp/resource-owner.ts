/**
 * Which upstream a resource belongs to: the one that lists it, else one whose template it fits, else the first that
 * may, and after it the others.
 */
import { resourceFacts } from '../../policies/target-facts.ts';
import type { CallFacts } from '../../schema/decision.ts';
import type { Item } from './catalogue.ts';
import type { Part } from './part.ts';
import {
  admits,
  expandsTo,
  isComparable,
  MAX_REQUEST_STEPS,
  MAX_URI_LENGTH,
  parseTemplate,
  requestSteps,
  type Steps,
  type UriTemplate,
} from './uri-template.ts';
import type { View } from './view.ts';

const templates = new WeakMap<Item, UriTemplate | 'too-long'>();

const templateOf = (item: Item): UriTemplate | 'too-long' => {
  const known = templates.get(item);
  if (known !== undefined) return known;
  const parsed = isComparable(item.name) ? parseTemplate(item.name) : 'too-long';
  templates.set(item, parsed);
  return parsed;
};

/** What one request may spend on looking for owners, however many URIs it names. */
export interface OwnerSteps {
  readonly renamed: Steps;
  /** Of each upstream its own: one that lists too much is no longer looked at, all others are. */
  readonly byPart: Map<Part, Steps>;
}

export const ownerSteps = (): OwnerSteps => ({ renamed: requestSteps(), byPart: new Map() });

const stepsOf = ({ byPart }: OwnerSteps, view: View, part: Part): Steps => {
  const known = byPart.get(part);
  if (known !== undefined) return known;
  const steps = { left: MAX_REQUEST_STEPS / view.parts.length };
  byPart.set(part, steps);
  return steps;
};

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
const renamed = (view: View, uri: string, steps: OwnerSteps): Ownership | undefined => {
  const own = view.uris.claims.resolve(uri, steps.renamed);
  if (own === undefined) return undefined;
  const part = view.parts[own.at]!;
  return mayOwn(part, own.uri) ? { part, uri: own.uri, mimeType: '' } : undefined;
};

const choose = (view: View, uri: string, steps: OwnerSteps): Ownership => {
  const listed = view.indexNow('resources').byName.get(uri);
  if (listed !== undefined) {
    const { mimeType } = listed.item.value;
    const told = typeof mimeType === 'string' ? mimeType : '';
    return { part: listed.part, uri: listed.item.name, mimeType: told };
  }
  const named = view.indexNow('resourceTemplates').byName.get(uri);
  if (named !== undefined) return { part: named.part, uri: named.item.name, mimeType: '' };
  return renamed(view, uri, steps) ?? byTemplate(view, uri, steps);
};

/** The first of `parts` that has a template which the URI fits, one that expands to it before all others. */
const fittingPart = (view: View, parts: readonly Part[], uri: string, all: OwnerSteps): Part | undefined => {
  let first: Part | undefined;
  for (const { item, part } of view.indexNow('resourceTemplates').entries) {
    const steps = stepsOf(all, view, part);
    if (steps.left < 0 || !parts.includes(part)) continue;
    const template = templateOf(item);
    if (template === 'too-long' || !admits(template, uri, steps) || steps.left < 0) continue;
    if (expandsTo(template, uri, steps) && steps.left >= 0) return part;
    first ??= part;
  }
  return first;
};

/** Which of `parts` says that a URI is its own, by its lists as far as they are known; undefined if none does. */
export const claimantOf = (view: View, parts: readonly Part[], uri: string): Part | undefined =>
  view.indexNow('resources').byName.get(uri)?.part ?? fittingPart(view, parts, uri, ownerSteps());

const byTemplate = (view: View, uri: string, steps: OwnerSteps): Ownership => {
  const parts = candidates(view, uri);
  const fitting = fittingPart(view, parts, uri, steps);
  if (fitting !== undefined) return { part: fitting, uri, mimeType: '' };
  const [first, ...others] = parts.filter((part) => part.connected !== undefined);
  return { part: first ?? parts[0], uri, mimeType: '', others };
};

/**
 * The owner of a URI, at once where only one upstream can be it. With `listed`, the media type is told too, for
 * which the lists are fetched. `steps` are those of the whole request.
 */
export const ownerOf = (
  view: View,
  uri: string,
  listed: boolean,
  steps = ownerSteps(),
): Ownership | Promise<Ownership> => {
  if (uri.length > MAX_URI_LENGTH) return { part: undefined, uri, mimeType: '' };
  const connecting = view.parts.some((part) => part.ready() !== undefined);
  if (!connecting && !listed && view.uris.isKnown) {
    const found = renamed(view, uri, steps);
    if (found !== undefined) return found;
    const parts = candidates(view, uri);
    if (parts.length <= 1) return { part: parts[0], uri, mimeType: '' };
  }
  return searchOwner(view, uri, listed, steps);
};

const searchOwner = async (
  view: View,
  uri: string,
  listed: boolean,
  steps: OwnerSteps,
): Promise<Ownership> => {
  await view.prepare(undefined);
  if (listed || !view.uris.isKnown || candidates(view, uri).length > 1)
    await Promise.all([view.prepare('resources'), view.prepare('resourceTemplates'), view.uris.learn()]);
  return choose(view, uri, steps);
};

/** What policies see of a read of a resource, or of what follows it: completion, subscription, a list. */
export const ownedFacts = (
  facts: CallFacts,
  uri: string,
  { part, mimeType }: Pick<Ownership, 'part' | 'mimeType'>,
): CallFacts => resourceFacts(facts, uri, mimeType, part?.exposure.facts);
