/** Texts that are the same for readers who are shown the same. */
import { hash } from 'node:crypto';
import { forwardedHeaders, forwardNames, headersKey } from '../caller-headers.ts';
import type { Item } from '../catalogue.ts';
import type { PreparedServer } from '../server.ts';
import type { ListReader } from './list-reader.ts';
import { LISTS_OF, type ShownLists, type ToldKind } from './shown-lists.ts';

/** Made for one look at all readers of a kind. */
export class CohortKeys {
  readonly #kind: ToldKind;
  readonly #numbers = new Map<object, number>();
  readonly #lists = new Map<ShownLists, string>();
  readonly #contents = new Map<readonly Item[], string>();

  constructor(kind: ToldKind) {
    this.#kind = kind;
  }

  /** Whatever decides what a reader is shown of what its upstreams list. */
  ofReader(reader: ListReader, befores: readonly ShownLists[], after: PreparedServer): string {
    const { facts, speaks, capabilitiesText } = reader;
    const names = forwardNames(after.exposures);
    return JSON.stringify([
      befores.map(({ server }) => this.#number(server)),
      this.#number(after),
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
    const own = LISTS_OF[this.#kind].map((kind) => lists.indexes.get(kind)!);
    // Whose a URI is hangs on all who list it.
    const indexes = own.some(({ usesUris }) => usesUris) ? [...lists.indexes.values()] : own;
    const text = JSON.stringify([
      [...lists.links.values()].map((link) => [link?.era, link?.peer.protocolVersion]),
      indexes.map(({ items }) => items.map((listed) => listed && this.#content(listed))),
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
