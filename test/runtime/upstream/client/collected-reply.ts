/** What came of a request, for expectations. */
import type { ReplyTarget } from '../../../../runtime/upstream/client/outgoing.ts';
import type { ReplyHead } from '../../../../runtime/upstream/client/reply-head.ts';

export class CollectedReply implements ReplyTarget {
  head: ReplyHead | undefined;
  error: Error | undefined;
  ends = 0;
  onChunk: () => void = () => undefined;
  readonly ended: Promise<this>;
  readonly #chunks: Buffer[] = [];
  readonly #resolve: (self: this) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<this>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  get body(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  onHead(head: ReplyHead): void {
    this.head = head;
  }

  onData(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk));
    this.onChunk();
  }

  onEnd(): void {
    this.ends += 1;
    this.#resolve(this);
  }

  onError(error: Error): void {
    this.error = error;
    this.ends += 1;
    this.#resolve(this);
  }
}
