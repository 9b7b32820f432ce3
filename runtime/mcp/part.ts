/** One exposure within a view: its link, or why there is none at the moment. */

import type { Era } from '../../schema/graph/upstream.ts';
import { asGatewayError, type GatewayError } from '../errors.ts';
import type { Link } from '../upstream/link.ts';
import { forwardedHeaders, type SentHeaders } from './caller-headers.ts';
import type { Catalogue } from './catalogue.ts';
import type { Exposure } from './exposure.ts';
import type { ListKind } from './method.ts';

/** A link that is up, with its catalogue. */
export interface Connected {
  readonly link: Link;
  readonly catalogue: Catalogue;
}

/** Opens or finds the link of an exposure for the owner of a view. */
export type Connect = (exposure: Exposure, callerHeaders: readonly string[]) => Promise<Connected>;

const RETRY_AFTER_MS = 1000;
/** Calls of unknown names make a list be fetched at most this often. */
const UNKNOWN_REFRESH_MS = 1000;

/** Connects on first use, again after a failure has aged, and again when its link is gone. */
export class Part {
  readonly exposure: Exposure;
  readonly #clientEra: Era;
  readonly #connect: Connect;
  readonly #sentHeaders: () => SentHeaders;
  #connected: Connected | undefined;
  error: GatewayError | undefined;
  #failedMs = 0;
  readonly #failedLists = new Map<ListKind, { readonly error: GatewayError; readonly atMs: number }>();
  #pending: Promise<void> | undefined;

  /** @param sentHeaders those of the caller for whom the upstream is asked now */
  constructor(exposure: Exposure, clientEra: Era, connect: Connect, sentHeaders: () => SentHeaders) {
    this.exposure = exposure;
    this.#clientEra = clientEra;
    this.#connect = connect;
    this.#sentHeaders = sentHeaders;
  }

  /** The headers of that caller which the upstream wants, flat. */
  get callerHeaders(): readonly string[] {
    return forwardedHeaders(this.#sentHeaders(), this.exposure.forwardHeaders);
  }

  /** Lets go of a link whose upstream has meanwhile learnt the era that is wanted of it, or lost it. */
  recheckEra(): void {
    const era = this.exposure.upstream.eraAtHand(this.#clientEra);
    if (era !== undefined && era !== this.#connected?.link.era) this.#connected = undefined;
  }

  /** The link while it is up. */
  get connected(): Connected | undefined {
    if (this.#connected?.link.closed === true) this.#connected = undefined;
    return this.#connected;
  }

  /** Undefined if nothing is to be waited for: connected, or failed a moment ago. Otherwise settles, never rejects. */
  ready(): Promise<void> | undefined {
    if (this.connected !== undefined) return undefined;
    if (this.#pending !== undefined) return this.#pending;
    if (this.error !== undefined && performance.now() - this.#failedMs < RETRY_AFTER_MS) return undefined;
    this.#pending = this.#open();
    return this.#pending;
  }

  /** Whether a list need not be asked for: its upstream calls it fresh, has none, or was not there a moment ago. */
  isFresh(kind: ListKind): boolean {
    const { connected } = this;
    if (connected === undefined) return this.ready() === undefined;
    return !connected.catalogue.offers(kind) || connected.catalogue.isFresh(kind);
  }

  /** Why the last fetch of a list failed, for as long as it is not tried again; undefined if it did not. */
  listingError(kind: ListKind): GatewayError | undefined {
    const failed = this.#failedLists.get(kind);
    if (failed === undefined) return undefined;
    if (performance.now() - failed.atMs < RETRY_AFTER_MS) return failed.error;
    this.#failedLists.delete(kind);
    return undefined;
  }

  /** Connects and, with a kind, makes sure of a listing. Waits for the list deadline at most; never rejects. */
  prepare(kind: ListKind | undefined): Promise<void> {
    return this.#withinDeadline(this.#prepare(kind));
  }

  /** Makes sure of a listing that its upstream calls fresh. Waits for the list deadline at most; never rejects. */
  relist(kind: ListKind): Promise<void> {
    return this.#withinDeadline(
      this.#list(kind, (catalogue) => catalogue.fetch(kind, 0, this.callerHeaders)),
    );
  }

  /** Fetches a list again in the background. */
  refresh(kind: ListKind): void {
    if (this.listingError(kind) === undefined)
      void this.#list(kind, (catalogue) => catalogue.refetch(kind, this.callerHeaders));
  }

  /** A name was asked for that is not listed: fetches the list again, unless it is fresh. */
  refreshSoon(kind: ListKind): void {
    const listing = this.connected?.catalogue.peek(kind);
    if (listing !== undefined && performance.now() - listing.fetchedMs > UNKNOWN_REFRESH_MS)
      this.refresh(kind);
  }

  async #prepare(kind: ListKind | undefined): Promise<void> {
    await this.ready();
    if (kind !== undefined && this.connected?.catalogue.peek(kind) === undefined)
      await this.#list(kind, (catalogue) => catalogue.refetch(kind, this.callerHeaders));
  }

  /** A list is asked for once more where its conversation turned out to be over. */
  async #list(
    kind: ListKind,
    fetch: (catalogue: Catalogue) => Promise<unknown>,
    isSecond = false,
  ): Promise<void> {
    await this.ready();
    const { connected } = this;
    if (connected === undefined || !connected.catalogue.offers(kind)) return;
    try {
      await fetch(connected.catalogue);
      this.#failedLists.delete(kind);
    } catch (thrown) {
      if (connected.link.closed && !isSecond) return this.#list(kind, fetch, true);
      this.#failedLists.set(kind, { error: asGatewayError(thrown), atMs: performance.now() });
    }
  }

  async #withinDeadline(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.exposure.upstreamNode.timeouts.listMs);
    });
    await Promise.race([work, deadline]);
    clearTimeout(timer);
  }

  async #open(): Promise<void> {
    try {
      this.#connected = await this.#connect(this.exposure, this.callerHeaders);
      this.error = undefined;
    } catch (thrown) {
      this.error = asGatewayError(thrown);
      this.#failedMs = performance.now();
    } finally {
      this.#pending = undefined;
    }
  }
}
