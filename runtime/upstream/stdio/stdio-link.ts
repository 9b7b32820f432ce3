/** A link over a conversation with a child process, which others may share. */
import type { Era } from '../../../schema/graph/upstream.ts';
import type { GatewayError } from '../../errors.ts';
import { place } from '../../swap-remove.ts';
import { upstreamError } from '../failure.ts';
import type { Cancel, Link, LinkActivity, OutboundRequest, PeerInfo, ReplySink } from '../link.ts';
import type { Message } from '../message.ts';
import type { Conversation, Facade } from './conversation.ts';
import { StdioCall } from './stdio-call.ts';

export class StdioLink implements Link, Facade {
  readonly upstream: string;
  readonly era: Era;
  readonly peer: PeerInfo;
  closed = false;
  onUnsolicited: (text: string, message: Message) => void = () => undefined;
  onClosed: (reason: GatewayError) => void = () => undefined;
  onGap: () => void = () => undefined;
  readonly subscriber: object;
  readonly #conversation: Conversation;
  readonly #calls: StdioCall[] = [];
  #requests = 0;
  readonly #onClose: (conversation: Conversation) => Promise<void>;

  /** @param onClose told after the owner closed the link, not when the process ended */
  constructor(
    conversation: Conversation,
    peer: PeerInfo,
    onClose: (conversation: Conversation) => Promise<void>,
  ) {
    this.upstream = conversation.traffic.upstream;
    this.era = conversation.era;
    this.peer = peer;
    this.#conversation = conversation;
    this.subscriber = conversation;
    this.#onClose = onClose;
    conversation.facades.add(this);
  }

  nextId(): number {
    return this.#conversation.nextId();
  }

  request(request: OutboundRequest, sink: ReplySink): Cancel {
    if (this.closed) {
      sink.onError(upstreamError('upstream_unavailable', 'the link is closed'));
      return () => undefined;
    }
    this.#requests += 1;
    const call = new StdioCall(this.#conversation, request, sink, this.#calls);
    place(this.#calls, call);
    call.start();
    return (reason) => call.cancel(reason);
  }

  pause(requestId: number, paused: boolean): void {
    for (const call of this.#calls) if (call.request.id === requestId) paused ? call.pause() : call.resume();
  }

  activity(): LinkActivity {
    return { inFlight: this.#calls.length, requests: this.#requests };
  }

  hears(): boolean {
    return this.era === 'legacy';
  }

  send(body: string): void {
    if (!this.closed) this.#conversation.write(body);
  }

  async close(): Promise<void> {
    // The modern link is everybody's: it ends with its process.
    if (this.closed || this.era === 'modern') return;
    this.closed = true;
    this.#conversation.facades.delete(this);
    for (const call of [...this.#calls]) call.abort();
    await this.#onClose(this.#conversation);
  }

  end(reason: GatewayError): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(reason);
  }
}
