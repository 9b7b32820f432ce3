/** A call over the pipes of a child process. */
import { type Placed, swapRemove } from '../../swap-remove.ts';
import { Call } from '../call.ts';
import { type Failure, upstreamError } from '../failure.ts';
import { passOn } from '../large/large-response.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { cancelledNotification, type Message } from '../message.ts';
import type { Conversation } from './conversation.ts';
import { LARGE_LINE_BYTES, type LargeLine } from './large-line.ts';
import { LinePump } from './line-pump.ts';

export class StdioCall extends Call implements Placed {
  place = -1;
  readonly wantsLogs: boolean;
  readonly isOwn: boolean;
  readonly #conversation: Conversation;
  readonly #siblings: StdioCall[];
  #answered = false;
  #pump: LinePump | undefined;

  /** @param siblings the calls of its link, which it leaves at its end */
  constructor(conversation: Conversation, request: OutboundRequest, sink: ReplySink, siblings: StdioCall[]) {
    super(conversation.traffic, request, sink);
    this.wantsLogs = request.wantsLogs === true;
    this.isOwn = request.isOwn === true;
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

  async takeLarge(line: LargeLine): Promise<boolean> {
    const first = await line.read(0, LARGE_LINE_BYTES);
    if (this.over) {
      line.close();
      return true;
    }
    const pump = new LinePump(line, first.length);
    const inflow = passOn(this, [first], pump);
    if (inflow === undefined) return false;
    if (inflow === 'refused') {
      line.close();
      return true;
    }
    this.#pump = pump;
    // The process has nothing more to say of it: its end is none of the call's any more.
    this.#conversation.forget(this.request.id);
    void pump.run(this, inflow);
    return true;
  }

  protected abandon(reason: string): void {
    if (this.isPassing) return;
    this.#conversation.write(cancelledNotification(this.request.id, reason));
  }

  protected override ended(): void {
    this.#conversation.forget(this.request.id);
    swapRemove(this.#siblings, this);
    this.#pump?.resume();
  }
}

/** The process ended, or takes nothing any more. */
export const processFailure = (cause: string): Failure => ({
  error: upstreamError('upstream_unavailable', cause),
  sent: true,
  counts: 'exit',
});
