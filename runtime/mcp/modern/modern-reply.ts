/** The answer to a modern request: one JSON object, or a stream of events without ids (MCP 2026-07-28, streamable-http). */
import { type GatewayError, RPC } from '../../errors.ts';
import { type EventStream, startEventStream } from '../../listen/event-stream.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { errorResponse, replyError, replyFailed, replyJson, replyKeptJson } from '../../listen/reply.ts';
import { JsonWriter, type ResponseWriter } from '../../listen/response-writer.ts';
import { MAX_WHOLE_LENGTH, replyEvent } from '../../listen/whole-event.ts';
import { atTurnEnd } from '../../turn-end.ts';
import type { ClientReply } from '../client-reply.ts';

const NONE: readonly string[] = [];

const later = atTurnEnd(
  (reply: ModernReply) => reply.send(),
  (reply, thrown) => reply.failed(thrown),
);

export class ModernReply implements ClientReply {
  readonly #exchange: WebExchange;
  readonly #idText: string;
  #events: EventStream | undefined;
  /** Whether it is a stream, begun or not. */
  #isStream = false;
  /** Whether it has its response or error, sent or not: whatever follows is ignored. */
  #isOver = false;
  /** What is sent at the end of the turn: the response, or the error. */
  #text: string | undefined;
  #error: GatewayError | undefined;
  #status = 200;
  headers: readonly string[] = NONE;

  constructor(exchange: WebExchange, idText: string) {
    this.#exchange = exchange;
    this.#idText = idText;
  }

  /** Begins at the end of the turn, or with its first event: most streams of upstreams hold a response only, and it is there already. */
  stream(): void {
    if (this.#isStream || this.#isOver) return;
    this.#isStream = true;
    later(this);
  }

  suspend(): void {}

  lasts(): void {
    if (this.#isStream && !this.#isOver) this.#begun().lasts();
  }

  message(text: string): void {
    if (!this.#isOver) this.#begun().send(text);
  }

  response(text: string, status = 200): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What is over must hold nothing: a chain of dead calls would outlive the young generation.
    this.#exchange.onAbort = undefined;
    if (this.#events !== undefined) {
      this.#events.send(text);
      this.#events.end();
      return;
    }
    this.#text = text;
    this.#status = status;
    if (!this.#isStream) later(this);
  }

  /** Sends what the turn has brought. */
  send(): void {
    const text = this.#text;
    const error = this.#error;
    this.#text = undefined;
    this.#error = undefined;
    if (error !== undefined) replyError(this.#exchange, error, this.#idText, this.headers);
    else if (text === undefined) {
      if (this.#isStream) this.#begun();
    } else if (!this.#isStream) replyJson(this.#exchange, this.#status, text, this.headers);
    else if (text.length <= MAX_WHOLE_LENGTH) replyEvent(this.#exchange, text, this.headers);
    else {
      const events = this.#begun();
      events.send(text);
      events.end();
    }
  }

  /** What the turn has brought could not be sent. */
  failed(thrown: unknown): void {
    replyFailed(this.#exchange, thrown, this.#idText);
  }

  large(): ResponseWriter | undefined {
    if (this.#isOver) return undefined;
    if (!this.#isStream) return new JsonWriter(this.#exchange, this.headers);
    const events = this.#begun();
    const withoutId = () => undefined;
    return events.closed ? undefined : events.openEvent(withoutId, () => events.end());
  }

  keptResponse(start: string, end: Uint8Array): void {
    if (this.#isStream) {
      this.response(start + Buffer.from(end).toString());
      return;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.onAbort = undefined;
    replyKeptJson(this.#exchange, start, end, this.headers);
  }

  error(error: GatewayError): void {
    // Whatever failed behind the response, it is on its way.
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.onAbort = undefined;
    if (!this.#isStream) {
      this.#error = error;
      later(this);
      return;
    }
    this.#exchange.record.outcome = error.code;
    this.#exchange.record.cause = error.cause;
    const events = this.#begun();
    events.send(errorResponse(this.#exchange, error, this.#idText));
    events.end();
  }

  /** A modern client takes a request back by closing the connection: there is nobody left to tell. */
  abandon(): void {
    if (this.#isStream && !this.#isOver) this.#begun().end();
  }

  #begun(): EventStream {
    if (this.#events !== undefined) return this.#events;
    const { onAbort } = this.#exchange;
    this.#isStream = true;
    this.#events = startEventStream(this.#exchange, this.headers);
    this.#events.onClose = onAbort;
    return this.#events;
  }
}

/** The HTTP status that a relayed error wants: a missing capability is told by status too, all else rides on 200. */
export const modernStatus = (errorCode: number | undefined): number =>
  errorCode === RPC.missingCapability ? 400 : 200;
