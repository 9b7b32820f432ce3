/** A server as one client sees it: the links of its exposures and what they offer over them. */

import type { Era } from '../../schema/graph/upstream.ts';
import { NO_HEADERS, type SentHeaders } from './caller-headers.ts';
import type { Exposure } from './exposure.ts';
import { KnownUris } from './known-uris.ts';
import type { ListKind } from './method.ts';
import { buildNameIndex, type NameIndex } from './name-index.ts';
import type { Connect } from './part.ts';
import { Part } from './part.ts';

/** After this, a listing that calls are routed by is fetched again in the background. */
const REFRESH_MS = 30_000;

/** Of a pinned upstream's list it is not left to the upstream how soon a change of it is seen. */
const refreshMs = ({ exposure }: Part, ttlMs: number): number =>
  exposure.pin === undefined ? Math.max(REFRESH_MS, ttlMs) : REFRESH_MS;

/** Told of names that two upstreams claim. */
export type OnClash = (kind: ListKind, clash: NameIndex['clashes'][number]) => void;

export class View {
  readonly parts: readonly Part[];
  readonly uris: KnownUris;
  /**
   * The headers of the request that was made last: what is fetched for it serves all requests of the view, whose
   * headers differ in nothing that an answer could depend on.
   */
  sentHeaders: SentHeaders = NO_HEADERS;
  readonly #onClash: OnClash;
  readonly #indexes = new Map<ListKind, NameIndex>();

  constructor(exposures: readonly Exposure[], clientEra: Era, connect: Connect, onClash: OnClash) {
    this.parts = exposures.map((exposure) => new Part(exposure, clientEra, connect, () => this.sentHeaders));
    this.uris = new KnownUris(this.parts);
    this.#onClash = onClash;
  }

  /**
   * The index of a kind if it can be had at once: every part is connected with a listing, offers none, or has
   * failed a moment ago. Otherwise undefined: wait for `prepare`. `nowMs` is of performance.now(), or not long ago.
   */
  index(kind: ListKind, nowMs = performance.now()): NameIndex | undefined {
    const known = this.#indexes.get(kind);
    let current = known !== undefined;
    for (let at = 0; at < this.parts.length; at += 1) {
      const part = this.parts[at]!;
      if (part.connected === undefined) {
        if (part.ready() !== undefined) return undefined;
        current &&= known!.items[at] === undefined;
        continue;
      }
      const { catalogue } = part.connected;
      const listing = catalogue.peek(kind);
      if (listing === undefined && catalogue.offers(kind) && part.listingError(kind) === undefined)
        return undefined;
      if (listing !== undefined && nowMs - listing.fetchedMs > refreshMs(part, listing.ttlMs))
        this.#refresh(part, kind);
      current &&= known!.items[at] === listing?.items;
    }
    if (current && known!.usesUris && known!.claims !== this.uris.claims) current = false;
    return current ? known : this.#build(kind);
  }

  /** Connects and lists what is missing. Settles when all parts have, each within its own deadline; never rejects. */
  async prepare(kind: ListKind | undefined): Promise<void> {
    await Promise.all(this.parts.map((part) => part.prepare(kind)));
  }

  /** Whether nothing is to be waited for: each part has a list that its upstream calls fresh, or none. */
  isFresh(kind: ListKind): boolean {
    return this.parts.every((part) => part.isFresh(kind));
  }

  /** Fetches the lists anew where they are older than their upstream's ttl. Never rejects. */
  async refreshLists(kind: ListKind): Promise<void> {
    await Promise.all(this.parts.map((part) => part.relist(kind)));
  }

  /** The index from what is there, without waiting. */
  indexNow(kind: ListKind): NameIndex {
    return this.index(kind) ?? this.#build(kind);
  }

  /** The index from what is known, without asking anybody for anything: parts without a listing contribute nothing. */
  known(kind: ListKind): NameIndex {
    const kept = this.#indexes.get(kind);
    const isCurrent = kept?.items.every(
      (items, at) => this.parts[at]!.connected?.catalogue.peek(kind)?.items === items,
    );
    return isCurrent && (!kept!.usesUris || kept!.claims === this.uris.claims) ? kept! : this.#build(kind);
  }

  #refresh(part: Part, kind: ListKind): void {
    part.recheckEra();
    part.refresh(kind);
  }

  #build(kind: ListKind): NameIndex {
    const index = buildNameIndex(this.parts, kind, this.uris.claims);
    this.#indexes.set(kind, index);
    for (const clash of index.clashes) this.#onClash(kind, clash);
    return index;
  }
}
