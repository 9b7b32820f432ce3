/** A call over the pipes of a child process. */
import { Call } from '../call.ts';
import { type Failure, upstreamError } from '../failure.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { cancelledNotification, type Message } from '../message.ts';
import type { Conversation } from './conversation.ts';

export class StdioCall extends Call {
  readonly #conversation: Conversation;
  readonly #siblings: Set<StdioCall>;
  #answered = false;

  /** @param siblings the calls of its link, which it leaves at its end */
  constructor(
    conversation: Conversation,
    request: OutboundRequest,
    sink: ReplySink,
    siblings: Set<StdioCall>,
  ) {
    super(conversation.traffic, request, sink);
    this.#conversation = conversation;
    this.#siblings = siblings;
  }

  /** The link was closed by its owner. */
  abort(): void {
    this.abandon('the caller is gone');
    this.failed({ error: upstreamError('shutting_down', 'closed'), sent: true });
  }

  /** What the process said about this request before its response. */
  aside(text: string, message: Message): void {
    if (!this.#answered) {
      this.#answered = true;
      this.answering();
      this.streaming();
    }
    this.message(text, message);
  }

  protected attempt(): void {
    this.#conversation.await(this.request.id, this);
    if (this.#conversation.write(this.request.body)) return;
    this.failed(processFailure('not writable'));
  }

  protected abandon(reason: string): void {
    this.#conversation.write(cancelledNotification(this.request.id, reason));
  }

  protected override ended(): void {
    this.#conversation.forget(this.request.id);
    this.#siblings.delete(this);
  }
}

/** The process ended, or takes nothing any more. */
export const processFailure = (cause: string): Failure => ({
  error: upstreamError('upstream_unavailable', cause),
  sent: true,
  counts: 'exit',
});
