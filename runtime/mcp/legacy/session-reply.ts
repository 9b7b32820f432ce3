/** The answer to one request of a legacy session: JSON where nothing precedes it, else a resumable stream. */

import type { GatewayError } from '../../errors.ts';
import { startEventStream } from '../../listen/event-stream.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { errorResponse, replyEmpty, replyError, replyJson } from '../../listen/reply.ts';
import type { ClientReply } from '../client-reply.ts';
import type { Session } from './session.ts';
import type { SessionStream } from './session-stream.ts';

/** The first revision whose clients expect a priming event and may be sent away to poll. */
const POLLING_SINCE = '2025-11-25';
/** How long such a client waits before it comes back. */
const POLL_AFTER_MS = 1000;

/** Whether a session's client knows priming events and polling. */
export const pollsStreams = (session: Session): boolean => session.version >= POLLING_SINCE;

export class SessionReply implements ClientReply {
  readonly #exchange: WebExchange;
  readonly #session: Session;
  readonly #idText: string;
  #stream: SessionStream | undefined;
  headers: readonly string[] = [];

  constructor(exchange: WebExchange, session: Session, idText: string) {
    this.#exchange = exchange;
    this.#session = session;
    this.#idText = idText;
  }

  stream(): void {
    if (this.#stream !== undefined) return;
    const stream = this.#session.streams.open();
    this.#stream = stream;
    const sink = startEventStream(this.#exchange, this.headers);
    if (pollsStreams(this.#session)) {
      sink.retry(POLL_AFTER_MS);
      sink.prime(stream.lastEventId);
    }
    stream.attach(sink, undefined);
  }

  suspend(): void {
    if (pollsStreams(this.#session)) this.#stream?.detach();
  }

  message(text: string): void {
    this.stream();
    this.#stream!.append(text);
  }

  response(text: string): void {
    this.#session.finished(this.#idText);
    if (this.#stream === undefined) {
      replyJson(this.#exchange, 200, text, this.headers);
      return;
    }
    this.#stream.append(text);
    this.#stream.finish();
  }

  /** No answer is expected to a request that was taken back (MCP 2025-11-25, cancellation). */
  abandon(): void {
    this.#session.finished(this.#idText);
    this.#exchange.record.outcome = 'cancelled';
    if (this.#stream === undefined) replyEmpty(this.#exchange, 202);
    else this.#stream.finish();
  }

  error(error: GatewayError): void {
    this.#session.finished(this.#idText);
    if (this.#stream === undefined) {
      replyError(this.#exchange, error, this.#idText, this.headers);
      return;
    }
    this.#exchange.record.outcome = error.code;
    this.#stream.append(errorResponse(this.#exchange, error, this.#idText));
    this.#stream.finish();
  }
}
