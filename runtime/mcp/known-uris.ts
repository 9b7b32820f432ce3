/** What the upstreams of a view list as theirs, as far as it is known. */
import type { Item } from './catalogue.ts';
import type { Part } from './part.ts';
import { claimUris, NO_CLAIMS, type UriClaims } from './uri-claims.ts';

const KINDS = ['resources', 'resourceTemplates'] as const;

type KnownItems = Partial<Record<(typeof KINDS)[number], readonly Item[]>>;

export class KnownUris {
  readonly #parts: readonly Part[];
  readonly #items: KnownItems[];
  #claims: UriClaims = NO_CLAIMS;
  #learning: Promise<void> | undefined;
  #isKnown: boolean;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#items = parts.map(() => ({}));
    this.#isKnown = parts.length < 2;
  }

  /** Whether the lists have been asked for, or need not be, as one upstream at most has any. */
  get isKnown(): boolean {
    this.#isKnown ||= this.#isOnlyOne();
    return this.#isKnown;
  }

  #isOnlyOne(): boolean {
    let offering = 0;
    for (const { connected } of this.#parts)
      if (connected === undefined || connected.catalogue.offers('resources')) offering += 1;
    return offering < 2;
  }

  /** Asks for the lists, once. Settles when all have come or had their time; never rejects. */
  learn(): Promise<void> {
    this.#learning ??= this.#ask();
    return this.#learning;
  }

  async #ask(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.prepare(undefined)));
    if (!this.#isOnlyOne())
      await Promise.all(this.#parts.flatMap((part) => KINDS.map((kind) => part.prepare(kind))));
    this.#isKnown = true;
  }

  /**
   * Whose the URIs are. An upstream that is not there for the moment keeps its own: a URI must not become another
   * upstream's because of that.
   */
  get claims(): UriClaims {
    if (this.#parts.length < 2) return NO_CLAIMS;
    let isCurrent = true;
    for (const [at, { connected }] of this.#parts.entries()) {
      const known = this.#items[at]!;
      for (const kind of KINDS) {
        const items = connected?.catalogue.peek(kind)?.items;
        if (items === undefined || items === known[kind]) continue;
        known[kind] = items;
        isCurrent = false;
      }
    }
    if (!isCurrent) this.#claims = this.#compare();
    return this.#claims;
  }

  #compare(): UriClaims {
    return claimUris(
      this.#parts.map(({ exposure }, at) => {
        const exposed = (items: readonly Item[] | undefined): string[] =>
          (items ?? []).flatMap(({ name }) => exposure.resources.expose(name) ?? []);
        const { resources, resourceTemplates } = this.#items[at]!;
        return {
          upstream: exposure.upstream.name,
          uris: exposed(resources),
          templates: exposed(resourceTemplates),
        };
      }),
    );
  }
}
