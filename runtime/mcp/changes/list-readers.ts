/** Clients who are told where a reload has changed what they are listed, and nobody else. */
import { TurnTaking } from '../../reload/turn-taking.ts';
import { showSameLists } from '../same-lists.ts';
import type { PreparedServer } from '../server.ts';
import { KindReaders } from './kind-readers.ts';
import type { ListReader } from './list-reader.ts';
import { LISTS_OF, type Shown, type ShownLists, shownLists, type ToldKind } from './shown-lists.ts';

/** Whoever does something once a reader has been told. */
interface Waiting {
  readonly next: () => void;
  readonly timer: NodeJS.Timeout;
}

export class ListReaders {
  /** Of each kind as soon as it is known: an upstream that does not list its resources holds up no word of tools. */
  readonly #kinds: ReadonlyMap<ToldKind, KindReaders>;
  readonly #waiting = new Map<ListReader, readonly Waiting[]>();
  /** Readers with one view share what was taken down of it at a moment. */
  #taken: Map<Shown['view'], ShownLists> | undefined;

  constructor() {
    const turns = new TurnTaking();
    const kinds = Object.keys(LISTS_OF) as ToldKind[];
    const onKnown = (reader: ListReader): void => {
      if (!this.#isOpen(reader)) this.#release(reader);
    };
    this.#kinds = new Map(kinds.map((kind) => [kind, new KindReaders(kind, turns, onKnown)]));
  }

  /** The server of `reader` is about to change from what `before` shows. */
  note(reader: ListReader, before: Shown, after: PreparedServer): void {
    if (before.server.fingerprint === after.fingerprint || showSameLists(before.server, after)) return;
    const { promised } = reader;
    if (promised.length === 0) return;
    const taken = this.#take(before);
    for (const kind of promised) this.#kinds.get(kind)!.note(reader, taken);
  }

  /**
   * Calls `next` once the reader has been told, if it has to be: at once where nothing is left to compare. What is not
   * known within `maxMs` counts as changed.
   */
  afterTold(reader: ListReader, maxMs: number, next: () => void): void {
    if (!this.#isOpen(reader)) {
      next();
      return;
    }
    const timer = setTimeout(() => this.#giveUp(reader), maxMs).unref();
    this.#waiting.set(reader, [...(this.#waiting.get(reader) ?? []), { next, timer }]);
  }

  /** There is nothing to tell it, or nobody to tell. */
  forget(reader: ListReader): void {
    for (const kind of this.#kinds.values()) kind.forget(reader);
    this.#release(reader);
  }

  #take(before: Shown): ShownLists {
    if (this.#taken === undefined) {
      this.#taken = new Map();
      setImmediate(() => {
        this.#taken = undefined;
      });
    }
    const known = this.#taken.get(before.view);
    if (known !== undefined && known.server === before.server) return known;
    const taken = shownLists(before);
    this.#taken.set(before.view, taken);
    return taken;
  }

  #isOpen(reader: ListReader): boolean {
    return this.#kinds.values().some((kind) => kind.has(reader));
  }

  #giveUp(reader: ListReader): void {
    for (const kind of this.#kinds.values()) kind.giveUp(reader);
    this.#release(reader);
  }

  #release(reader: ListReader): void {
    const waiting = this.#waiting.get(reader) ?? [];
    this.#waiting.delete(reader);
    for (const { next, timer } of waiting) {
      clearTimeout(timer);
      next();
    }
  }
}
