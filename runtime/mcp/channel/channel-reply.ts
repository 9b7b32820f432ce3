/** The answer to one request on a channel: messages, one after the other. */
import type { GatewayError } from '../../errors.ts';
import { errorResponse } from '../../listen/reply.ts';
import type { ClientReply } from '../client-reply.ts';
import type { Channel } from './channel.ts';
import type { ChannelExchange } from './channel-exchange.ts';

/** What a reply belongs to. */
export interface ReplyContext {
  readonly channel: Channel;
  readonly exchange: ChannelExchange;
  /** JSON text of the request's id. */
  readonly idText: string;
  /** Sent behind the response, if there is one. */
  readonly epilogue?: string | undefined;
  /** Told once, when nothing more is sent for the request, before its last message. */
  readonly onOver: () => void;
}

export class ChannelReply implements ClientReply {
  /** A channel has no place for headers. */
  headers: readonly string[] = [];
  readonly #context: ReplyContext;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  stream(): void {}

  suspend(): void {}

  message(text: string): void {
    const { channel, exchange } = this.#context;
    if (!exchange.concluded) channel.send(text);
  }

  response(text: string): void {
    const { channel, exchange, epilogue } = this.#context;
    const isFirst = !exchange.concluded;
    this.#last(text, 200);
    if (isFirst && epilogue !== undefined) channel.send(epilogue);
  }

  error(error: GatewayError): void {
    const { exchange, idText } = this.#context;
    exchange.record.outcome = error.code;
    exchange.record.cause = error.cause;
    this.#last(errorResponse(exchange, error, idText), error.status);
  }

  /** The request was taken back. */
  abandon(): void {
    const { exchange, onOver } = this.#context;
    if (exchange.concluded) return;
    exchange.abort('cancelled');
    onOver();
  }

  #last(text: string, status: number): void {
    const { channel, exchange, onOver } = this.#context;
    if (exchange.concluded) return;
    exchange.conclude(status);
    onOver();
    channel.send(text);
  }
}
