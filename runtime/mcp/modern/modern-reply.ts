/** The answer to a modern request: one JSON object, or a stream of events without ids (MCP 2026-07-28, streamable-http). */
import { type GatewayError, RPC } from '../../errors.ts';
import { type EventStream, startEventStream } from '../../listen/event-stream.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { errorResponse, replyError, replyJson, replyKeptJson } from '../../listen/reply.ts';
import { JsonWriter, type ResponseWriter } from '../../listen/response-writer.ts';
import type { ClientReply } from '../client-reply.ts';

const NONE: readonly string[] = [];

export class ModernReply implements ClientReply {
  readonly #exchange: WebExchange;
  readonly #idText: string;
  #events: EventStream | undefined;
  headers: readonly string[] = NONE;

  constructor(exchange: WebExchange, idText: string) {
    this.#exchange = exchange;
    this.#idText = idText;
  }

  stream(): void {
    if (this.#events !== undefined) return;
    const { onAbort } = this.#exchange;
    this.#events = startEventStream(this.#exchange, this.headers);
    this.#events.onClose = onAbort;
  }

  suspend(): void {}

  lasts(): void {
    this.#events?.lasts();
  }

  message(text: string): void {
    this.stream();
    this.#events!.send(text);
  }

  response(text: string, status = 200): void {
    // What is over must hold nothing: a chain of dead calls would outlive the young generation.
    this.#exchange.onAbort = undefined;
    if (this.#events === undefined) {
      replyJson(this.#exchange, status, text, this.headers);
      return;
    }
    this.#events.send(text);
    this.#events.end();
  }

  large(): ResponseWriter | undefined {
    const events = this.#events;
    if (events === undefined) return new JsonWriter(this.#exchange, this.headers);
    const withoutId = () => undefined;
    return events.closed ? undefined : events.openEvent(withoutId, () => events.end());
  }

  keptResponse(start: string, end: Uint8Array): void {
    this.#exchange.onAbort = undefined;
    if (this.#events === undefined) replyKeptJson(this.#exchange, start, end, this.headers);
    else this.response(start + Buffer.from(end).toString());
  }

  error(error: GatewayError): void {
    this.#exchange.onAbort = undefined;
    if (this.#events === undefined) {
      replyError(this.#exchange, error, this.#idText, this.headers);
      return;
    }
    this.#exchange.record.outcome = error.code;
    this.#exchange.record.cause = error.cause;
    this.#events.send(errorResponse(this.#exchange, error, this.#idText));
    this.#events.end();
  }

  /** A modern client takes a request back by closing the connection: there is nobody left to tell. */
  abandon(): void {
    this.#events?.end();
  }
}

/** The HTTP status that a relayed error wants: a missing capability is told by status too, all else rides on 200. */
export const modernStatus = (errorCode: number | undefined): number =>
  errorCode === RPC.missingCapability ? 400 : 200;
