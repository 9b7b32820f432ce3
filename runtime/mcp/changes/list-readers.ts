/** Clients who are told where a reload has changed what they are listed, and nobody else. */
import { hash } from 'node:crypto';
import type { CallFacts } from '../../../schema/decision.ts';
import { TurnTaking } from '../../reload/turn-taking.ts';
import { forwardedHeaders, forwardNames, headersKey } from '../caller-headers.ts';
import type { Item } from '../catalogue.ts';
import type { Asker } from '../list-item.ts';
import type { ListKind } from '../method.ts';
import { showSameLists } from '../same-lists.ts';
import type { PreparedServer } from '../server.ts';
import {
  hasSameUpstreams,
  isUncertain,
  LISTS_OF,
  type Shown,
  type ShownLists,
  shownLists,
  shownTexts,
  type ToldKind,
} from './shown-lists.ts';

/** One client who was promised to be told. */
export interface ListReader {
  /** Whose lists they are, and how it asked. */
  readonly facts: CallFacts;
  readonly speaks: Asker['client'];
  /** JSON text of what modern upstreams are told that it can be asked. */
  readonly capabilitiesText: string;
  /** What it was promised to be told of. */
  readonly promised: readonly ToldKind[];
  /** What its lists are made of now; undefined when it is over. */
  shown(): Shown | undefined;
  /** Must not throw. */
  tellChanged(kind: ToldKind): void;
}

/** Readers who are shown the same, by rules that see the same of them. */
interface Cohort {
  readonly befores: readonly ShownLists[];
  readonly after: Shown;
  readonly readers: ListReader[];
}

/** So many cohorts are compared at a time: one may wait for an upstream to list what it has. */
const LANES = 32;

/** Of so many changes that come before one could be compared each is. */
const MAX_NOTED = 4;

export class ListReaders {
  /**
   * All that they may have been shown since they were told last, of those whose server has changed since: they may have
   * asked for their lists between two changes.
   */
  readonly #noted = new Map<ListReader, readonly ShownLists[]>();
  readonly #waiting = new Map<ListReader, (() => void)[]>();
  /** Readers with one view share what was taken down of it. */
  #taken = new Map<Shown['view'], ShownLists>();
  #isComparing = false;

  /** The server of `reader` is about to change from what `before` shows. */
  note(reader: ListReader, before: Shown, after: PreparedServer): void {
    if (before.server.fingerprint === after.fingerprint || showSameLists(before.server, after)) return;
    if (reader.promised.length === 0) return;
    const known = this.#taken.get(before.view);
    const isEnough = known !== undefined && known.server === before.server;
    const taken = isEnough ? known : shownLists(before);
    this.#taken.set(before.view, taken);
    this.#noted.set(reader, [...(this.#noted.get(reader) ?? []), taken].slice(0, MAX_NOTED + 1));
    if (this.#isComparing) return;
    this.#isComparing = true;
    setImmediate(() => void this.#compareAll());
  }

  /** Calls `next` once the reader has been told, if it has to be: at once where nothing is left to compare. */
  afterTold(reader: ListReader, next: () => void): void {
    if (!this.#noted.has(reader)) next();
    else this.#waiting.set(reader, [...(this.#waiting.get(reader) ?? []), next]);
  }

  /** There is nothing to tell it, or nobody to tell. */
  forget(reader: ListReader): void {
    this.#noted.delete(reader);
    const waiting = this.#waiting.get(reader) ?? [];
    this.#waiting.delete(reader);
    for (const next of waiting) next();
  }

  /** Off the path of requests: in slices, until nobody is left whose server has changed. */
  async #compareAll(): Promise<void> {
    const turns = new TurnTaking();
    while (this.#noted.size > 0) {
      this.#taken = new Map();
      const cohorts = (await this.#cohorts(turns)).values();
      const lane = async (): Promise<void> => {
        for (const cohort of cohorts) await this.#compare(cohort, turns);
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    }
    this.#isComparing = false;
  }

  async #cohorts(turns: TurnTaking): Promise<readonly Cohort[]> {
    const alike = new Map<string, Map<string, Cohort>>();
    const keys = new CohortKeys();
    for (const [reader, befores] of this.#noted) {
      await turns.next();
      const after = reader.shown();
      if (after === undefined) {
        this.forget(reader);
        continue;
      }
      const key = keys.ofReader(reader, befores, after.server);
      const byLists = alike.get(key) ?? new Map<string, Cohort>();
      alike.set(key, byLists);
      const lists = befores.map((before) => keys.ofLists(before)).join();
      const cohort = byLists.get(lists);
      if (cohort === undefined) byLists.set(lists, { befores, after, readers: [reader] });
      else cohort.readers.push(reader);
    }
    return [...alike.values()].flatMap((byLists) => merged([...byLists.values()]));
  }

  async #compare({ befores, after, readers }: Cohort, turns: TurnTaking): Promise<void> {
    // What cannot be compared counts: nobody would tell of it later.
    const all = (): readonly ToldKind[] => readers[0]!.promised;
    const changed =
      befores.length > MAX_NOTED ? all() : await changedKinds(readers[0]!, befores, after, turns).catch(all);
    for (const reader of readers) {
      await turns.next();
      const taken = this.#noted.get(reader);
      const now = reader.shown();
      // Where its server has changed once more it is compared with that.
      if (taken === undefined || (now !== undefined && now.server !== after.server)) continue;
      if (now !== undefined) for (const kind of changed) reader.tellChanged(kind);
      this.forget(reader);
    }
  }
}

const isLacking = ({ befores, readers }: Cohort): boolean => {
  const kinds = readers[0]!.promised.flatMap((told) => LISTS_OF[told]);
  return befores.some(({ lacking }) => kinds.some((kind) => lacking.get(kind)!.length > 0));
};

/** Of readers alike, whoever has not listed all is held to have been shown what all others were, if that is one thing. */
const merged = (cohorts: readonly Cohort[]): readonly Cohort[] => {
  const [whole, ...others] = cohorts.filter((cohort) => !isLacking(cohort));
  if (whole === undefined || others.length > 0) return cohorts;
  const lacking = cohorts.filter(isLacking).flatMap(({ readers }) => readers);
  return [{ ...whole, readers: [...whole.readers, ...lacking] }];
};

/** The kinds of lists that are not as they were at any time, those with them that cannot be known. */
const changedKinds = async (
  reader: ListReader,
  befores: readonly ShownLists[],
  { server, view }: Shown,
  turns: TurnTaking,
): Promise<readonly ToldKind[]> => {
  const { promised } = reader;
  const kinds = promised.flatMap((told) => LISTS_OF[told]);
  await Promise.all(kinds.map((kind) => view.prepare(kind)));
  if (kinds.some((kind) => view.known(kind).usesUris)) await view.uris.learn();
  const after = shownLists({ server, view });
  const changed = new Set<ListKind>();
  for (const before of befores)
    for (const kind of await kindsThatDiffer(reader, before, after, turns)) changed.add(kind);
  return promised.filter((told) => LISTS_OF[told].some((kind) => changed.has(kind)));
};

const kindsThatDiffer = async (
  { facts, speaks, promised }: ListReader,
  before: ShownLists,
  after: ShownLists,
  turns: TurnTaking,
): Promise<readonly ListKind[]> => {
  const kinds = promised.flatMap((told) => LISTS_OF[told]);
  // What nobody had asked for before is known now, where the upstream is the same.
  const isLearnt = kinds.some((kind) => before.lacking.get(kind)!.length > 0);
  const known = isLearnt && hasSameUpstreams(before, after) ? shownLists(before) : before;
  const asker = { facts: { ...facts, nowMs: Date.now() }, client: speaks };
  const differ: ListKind[] = [];
  for (const kind of kinds) {
    if (isUncertain(known, after, kind)) {
      differ.push(kind);
      continue;
    }
    const old = await shownTexts(known, asker, kind, turns);
    const now = await shownTexts(after, asker, kind, turns);
    const isSame = old.length === now.length && old.every((text, at) => text === now[at]);
    if (!isSame) differ.push(kind);
  }
  return differ;
};

/** Texts that are the same for readers of one cohort. Made for one look at all of them. */
class CohortKeys {
  readonly #numbers = new Map<object, number>();
  readonly #lists = new Map<ShownLists, string>();
  readonly #contents = new Map<readonly Item[], string>();

  /** Whatever decides what a reader is shown of what its upstreams list. */
  ofReader(reader: ListReader, befores: readonly ShownLists[], after: PreparedServer): string {
    const { facts, speaks, capabilitiesText, promised } = reader;
    const names = forwardNames(after.exposures);
    return JSON.stringify([
      befores.map(({ server }) => this.#number(server)),
      this.#number(after),
      promised,
      speaks.era,
      speaks.revision,
      capabilitiesText,
      names.length === 0 ? '' : headersKey(forwardedHeaders(befores[0]!.view.sentHeaders, names)),
      befores.map(({ server }) => server.policies.ofCaller(facts)),
      after.policies.ofCaller(facts),
    ]);
  }

  #number(object: object): number {
    const number = this.#numbers.get(object) ?? this.#numbers.size;
    this.#numbers.set(object, number);
    return number;
  }

  /** What was listed by whom: sessions, each of which has lists of its own, are mostly shown the same. */
  ofLists(lists: ShownLists): string {
    const known = this.#lists.get(lists);
    if (known !== undefined) return known;
    const text = JSON.stringify([
      [...lists.links.values()].map((link) => [link?.era, link?.peer.protocolVersion]),
      [...lists.indexes.values()].map(({ items }) => items.map((listed) => listed && this.#content(listed))),
      // Whose a URI is may hang on what an upstream has told that is not there now.
      lists.isWhole ? 0 : this.#number(lists.view),
    ]);
    this.#lists.set(lists, text);
    return text;
  }

  #content(items: readonly Item[]): string {
    const known = this.#contents.get(items);
    if (known !== undefined) return known;
    const content = hash('sha256', items.map(({ text }) => text).join('\n'), 'base64url');
    this.#contents.set(items, content);
    return content;
  }
}
