/** All open subscriptions/listen streams of the gateway, across generations. */

/** One open stream. */
export interface ListenStream {
  readonly server: string;
  /** Of the server that it was opened on. */
  readonly fingerprint: string;
  /** Ends the stream with its graceful result (MCP 2026-07-28, subscriptions). */
  end(): void;
}

/** Streams outlive the generation that they were opened in, as long as their server does not change. */
export class ListenStreams {
  readonly #streams = new Set<ListenStream>();
  #fingerprints: ReadonlyMap<string, string> | undefined;
  #closed = false;

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Takes a stream in. One of a server that serves no more, because its request took longer to come than a reload,
   * ends at once: it would go on under rules that nobody would take away.
   */
  add(stream: ListenStream): void {
    this.#streams.add(stream);
    if (this.#closed || this.#isOutdated(stream)) stream.end();
  }

  remove(stream: ListenStream): void {
    this.#streams.delete(stream);
  }

  /**
   * Another graph serves now, with these servers. Streams of servers that changed or are gone end gracefully, each
   * at a random moment within `windowMs`, so that their clients come back under the new rules.
   */
  afterSwap(fingerprints: ReadonlyMap<string, string>, windowMs: number): void {
    this.#fingerprints = fingerprints;
    for (const stream of this.#streams)
      if (this.#isOutdated(stream)) setTimeout(() => stream.end(), Math.random() * windowMs).unref();
  }

  #isOutdated({ server, fingerprint }: ListenStream): boolean {
    return this.#fingerprints !== undefined && this.#fingerprints.get(server) !== fingerprint;
  }

  /** Ends all streams gracefully, and those that come after. */
  endAll(): void {
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.end();
  }
}
