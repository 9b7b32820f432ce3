/** Clients who are told where a reload has changed what they are listed of one kind, and nobody else. */
import type { TurnTaking } from '../../reload/turn-taking.ts';
import type { ListKind } from '../method.ts';
import { CohortKeys } from './cohort-keys.ts';
import type { ListReader } from './list-reader.ts';
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

export class KindReaders {
  readonly #kind: ToldKind;
  readonly #turns: TurnTaking;
  readonly #onKnown: (reader: ListReader) => void;
  /**
   * All that they may have been shown since they were told last, of those whose server has changed since: they may have
   * asked for their lists between two changes.
   */
  readonly #noted = new Map<ListReader, readonly ShownLists[]>();
  #isComparing = false;

  /** @param onKnown called for each reader once there is nothing to tell it any more, which it has been told */
  constructor(kind: ToldKind, turns: TurnTaking, onKnown: (reader: ListReader) => void) {
    this.#kind = kind;
    this.#turns = turns;
    this.#onKnown = onKnown;
  }

  /** Whether it is not known yet if there is something to tell it. */
  has(reader: ListReader): boolean {
    return this.#noted.has(reader);
  }

  /** The server of `reader` has changed from what `taken` shows. */
  note(reader: ListReader, taken: ShownLists): void {
    this.#noted.set(reader, [...(this.#noted.get(reader) ?? []), taken].slice(0, MAX_NOTED + 1));
    if (this.#isComparing) return;
    this.#isComparing = true;
    setImmediate(() => void this.#compareAll());
  }

  /** There is nothing to tell it, or nobody to tell. Does not call `onKnown`. */
  forget(reader: ListReader): void {
    this.#noted.delete(reader);
  }

  /** Nobody waits until it is known: it counts as changed. Does not call `onKnown`. */
  giveUp(reader: ListReader): void {
    if (this.#noted.delete(reader)) reader.tellChanged(this.#kind);
  }

  /** Off the path of requests: in slices, until nobody is left whose server has changed. */
  async #compareAll(): Promise<void> {
    while (this.#noted.size > 0) {
      const cohorts = (await this.#cohorts()).values();
      const lane = async (): Promise<void> => {
        for (const cohort of cohorts) await this.#compare(cohort);
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    }
    this.#isComparing = false;
  }

  async #cohorts(): Promise<readonly Cohort[]> {
    const alike = new Map<string, Map<string, Cohort>>();
    const keys = new CohortKeys(this.#kind);
    for (const reader of this.#noted.keys()) {
      if (this.#turns.isOver) await this.#turns.next();
      // Only now: its server may have changed once more meanwhile.
      const befores = this.#noted.get(reader);
      const after = reader.shown();
      if (befores === undefined || after === undefined) {
        this.#known(reader);
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
    return [...alike.values()].flatMap((byLists) => merged(this.#kind, [...byLists.values()]));
  }

  #known(reader: ListReader): void {
    this.#noted.delete(reader);
    this.#onKnown(reader);
  }

  async #compare(cohort: Cohort): Promise<void> {
    const { after, readers } = cohort;
    const isChanged = await this.#isChanged(cohort);
    for (const reader of readers) {
      if (this.#turns.isOver) await this.#turns.next();
      const now = reader.shown();
      // Where its server has changed once more it is compared with that.
      if (!this.has(reader) || (now !== undefined && now.server !== after.server)) continue;
      if (isChanged && now !== undefined) reader.tellChanged(this.#kind);
      this.#known(reader);
    }
  }

  /** Whether what the readers are listed is not as it was at any time, or cannot be known to be. */
  #isChanged({ befores, after, readers }: Cohort): Promise<boolean> {
    if (befores.length > MAX_NOTED) return Promise.resolve(true);
    const differs = (kind: ListKind) => differ(kind, readers[0]!, befores, after, this.#turns);
    // What cannot be compared counts: nobody would tell of it later.
    return isAny(LISTS_OF[this.#kind].map((kind) => differs(kind).catch(() => true)));
  }
}

/** True as soon as one answer is; none of them may reject. */
const isAny = (answers: readonly Promise<boolean>[]): Promise<boolean> =>
  new Promise((resolve) => {
    for (const answer of answers) void answer.then((is) => is && resolve(true));
    void Promise.all(answers).then(() => resolve(false));
  });

const isLacking = (told: ToldKind, { befores }: Cohort): boolean =>
  befores.some(({ lacking }) => LISTS_OF[told].some((kind) => lacking.get(kind)!.length > 0));

/** Of readers alike, whoever has not listed all is held to have been shown what all others were, if that is one thing. */
const merged = (told: ToldKind, cohorts: readonly Cohort[]): readonly Cohort[] => {
  const [whole, ...others] = cohorts.filter((cohort) => !isLacking(told, cohort));
  if (whole === undefined || others.length > 0) return cohorts;
  const lacking = cohorts.filter((cohort) => isLacking(told, cohort)).flatMap(({ readers }) => readers);
  return [{ ...whole, readers: [...whole.readers, ...lacking] }];
};

/** Whether a list is not as it was at any time. */
const differ = async (
  kind: ListKind,
  reader: ListReader,
  befores: readonly ShownLists[],
  { server, view }: Shown,
  turns: TurnTaking,
): Promise<boolean> => {
  await view.prepare(kind);
  if (turns.isOver) await turns.next();
  if (view.known(kind).usesUris) await view.uris.learn();
  if (turns.isOver) await turns.next();
  const after = shownLists({ server, view });
  for (const before of befores) if (await differsFrom(before, after, kind, reader, turns)) return true;
  return false;
};

const differsFrom = async (
  before: ShownLists,
  after: ShownLists,
  kind: ListKind,
  { facts, speaks }: ListReader,
  turns: TurnTaking,
): Promise<boolean> => {
  // What nobody had asked for before is known now, where the upstream is the same.
  const isLearnt = before.lacking.get(kind)!.length > 0;
  const known = isLearnt && hasSameUpstreams(before, after) ? shownLists(before) : before;
  if (isUncertain(known, after, kind)) return true;
  const asker = { facts: { ...facts, nowMs: Date.now() }, client: speaks };
  const old = await shownTexts(known, asker, kind, turns);
  const now = await shownTexts(after, asker, kind, turns);
  return old.length !== now.length || old.some((text, at) => text !== now[at]);
};
