/** What a caller is listed by one state of a server, so that it can be compared with another. */
import { admitsMethod } from '../../../policies/features/features.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import type { TurnTaking } from '../../reload/turn-taking.ts';
import type { Link } from '../../upstream/link.ts';
import { LISTS } from '../catalogue.ts';
import { type Asker, itemFacts, itemText } from '../list-item.ts';
import type { ListKind } from '../method.ts';
import type { NameIndex } from '../name-index.ts';
import type { Part } from '../part.ts';
import type { PreparedServer } from '../server.ts';
import { requestSteps } from '../uri-template.ts';
import type { View } from '../view.ts';

/** The kinds of lists whose changes clients are told of. */
export type ToldKind = 'tools' | 'prompts' | 'resources';

/** The lists that a change of a kind may be about. */
export const LISTS_OF: Readonly<Record<ToldKind, readonly ListKind[]>> = {
  tools: ['tools'],
  prompts: ['prompts'],
  resources: ['resources', 'resourceTemplates'],
};

const KINDS: readonly ListKind[] = Object.values(LISTS_OF).flat();

/** A server as its callers with one view are shown it. */
export interface Shown {
  readonly server: PreparedServer;
  readonly view: View;
}

/** The lists of {@link Shown} as they were known at a moment: whatever becomes of its upstreams, they stay. */
export interface ShownLists extends Shown {
  readonly indexes: ReadonlyMap<ListKind, NameIndex>;
  /** Parts that may have a share in a list and have not told it. */
  readonly lacking: ReadonlyMap<ListKind, readonly Part[]>;
  /** Whether all upstreams are there. */
  readonly isWhole: boolean;
  readonly links: ReadonlyMap<Part, Link | undefined>;
}

/** Takes down what is known. Asks nobody. */
export const shownLists = ({ server, view }: Shown): ShownLists => {
  const indexes = new Map<ListKind, NameIndex>();
  const lacking = new Map<ListKind, readonly Part[]>();
  for (const kind of KINDS) {
    indexes.set(kind, view.known(kind));
    lacking.set(
      kind,
      view.parts.filter(
        ({ connected }) =>
          connected === undefined ||
          (connected.catalogue.offers(kind) && connected.catalogue.peek(kind) === undefined),
      ),
    );
  }
  return {
    server,
    view,
    indexes,
    lacking,
    isWhole: view.parts.every(({ connected }) => connected !== undefined),
    links: new Map(view.parts.map((part) => [part, part.connected?.link])),
  };
};

/** The texts of a list, as a caller of these facts is told it. */
export const shownTexts = async (
  { server, view, indexes, links }: ShownLists,
  { facts, client }: { readonly facts: CallFacts; readonly client: Asker['client'] },
  kind: ListKind,
  turns: TurnTaking,
): Promise<readonly string[]> => {
  const texts: string[] = [];
  const index = indexes.get(kind);
  if (index === undefined || !admitsMethod(server.node.features, LISTS[kind].method)) return texts;
  const asker = { server, view, client };
  const asked = { ...facts, server: server.node, args: undefined };
  const steps = requestSteps();
  for (const entry of index.entries) {
    if (turns.isOver) await turns.next();
    const isHidden =
      !server.policies.none && server.policies.decideAnew(itemFacts(asked, kind, entry)).kind === 'deny';
    const text = isHidden ? undefined : itemText(asker, kind, entry, index, links.get(entry.part), steps);
    if (text !== undefined) texts.push(text);
  }
  return texts;
};

const isSamePart = ({ exposure: one }: Part, { exposure: other }: Part): boolean =>
  one.upstream === other.upstream && one.pin === other.pin;

/** The parts of one state that the other has not. */
const partsBeside = (parts: readonly Part[], other: Shown): readonly Part[] =>
  parts.filter((part) => !other.view.parts.some((each) => isSamePart(part, each)));

/** Whether both states have the same upstreams, held to the same. */
export const hasSameUpstreams = (before: Shown, after: Shown): boolean =>
  partsBeside(before.view.parts, after).length === 0 && partsBeside(after.view.parts, before).length === 0;

/**
 * Whether it cannot be told what a list had, or has: an upstream of one state alone has not told it, or one of both
 * has told it in one of them alone. What is told in neither is missing in both.
 */
export const isUncertain = (before: ShownLists, after: ShownLists, kind: ListKind): boolean => {
  const [lackedBefore, lacksNow] = [before.lacking.get(kind) ?? [], after.lacking.get(kind) ?? []];
  const isIn = (parts: readonly Part[], part: Part): boolean => parts.some((each) => isSamePart(part, each));
  return (
    lackedBefore.some((part) => !isIn(lacksNow, part)) || lacksNow.some((part) => !isIn(lackedBefore, part))
  );
};
