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

  get size(): number {
    return this.#streams.size;
  }

  add(stream: ListenStream): void {
    this.#streams.add(stream);
  }

  remove(stream: ListenStream): void {
    this.#streams.delete(stream);
  }

  /**
   * Another graph serves now. Streams of servers that changed or are gone end gracefully, each at a random moment
   * within `windowMs`, so that their clients come back under the new rules.
   */
  afterSwap(fingerprints: ReadonlyMap<string, string>, windowMs: number): void {
    for (const stream of this.#streams) {
      if (fingerprints.get(stream.server) === stream.fingerprint) continue;
      setTimeout(() => stream.end(), Math.random() * windowMs).unref();
    }
  }

  /** Ends all streams gracefully. */
  endAll(): void {
    for (const stream of [...this.#streams]) stream.end();
  }
}
