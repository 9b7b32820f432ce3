/** The answer to one request of a legacy session: JSON where nothing precedes it, else a resumable stream. */

import { GatewayError, RPC } from '../../errors.ts';
import { startEventStream } from '../../listen/event-stream.ts';
import type { WebExchange } from '../../listen/exchange.ts';
import { holdOn, letGo } from '../../listen/generation-hold.ts';
import { errorResponse, replyEmpty, replyError, replyFailed, replyJson } from '../../listen/reply.ts';
import { JsonWriter, type ResponseWriter } from '../../listen/response-writer.ts';
import { atTurnEnd } from '../../turn-end.ts';
import type { ClientReply } from '../client-reply.ts';
import type { Session } from './session.ts';
import type { SessionStream } from './session-stream.ts';

/** The first revision whose clients expect a priming event and may be sent away to poll. */
const POLLING_SINCE = '2025-11-25';
/** How long such a client waits before it comes back. */
const POLL_AFTER_MS = 1000;

/** Whether a session's client knows priming events and polling. */
export const pollsStreams = (session: Session): boolean => session.version >= POLLING_SINCE;

interface Answer {
  readonly exchange: WebExchange;
  readonly idText: string;
  readonly text: string;
  readonly headers: readonly string[];
}

const answerLater = atTurnEnd(
  ({ exchange, text, headers }: Answer) => void replyJson(exchange, 200, text, headers),
  ({ exchange, idText }, thrown) => replyFailed(exchange, thrown, idText),
);

/** Tells the session when its request is over. */
class SessionWriter implements ResponseWriter {
  begun = false;
  readonly #writer: ResponseWriter;
  readonly #onOver: () => void;

  constructor(writer: ResponseWriter, onOver: () => void) {
    this.#writer = writer;
    this.#onOver = onOver;
  }

  set onDrain(tell: () => void) {
    this.#writer.onDrain = tell;
  }

  set onGone(tell: () => void) {
    this.#writer.onGone = () => {
      this.#onOver();
      tell();
    };
  }

  write(bytes: Buffer, onWritten?: () => void): boolean {
    this.begun = true;
    return this.#writer.write(bytes, onWritten);
  }

  end(): void {
    this.#writer.end();
    this.#onOver();
  }

  breakOff(): void {
    this.#writer.breakOff();
    this.#onOver();
  }
}

export class SessionReply implements ClientReply {
  readonly #exchange: WebExchange;
  readonly #session: Session;
  readonly #idText: string;
  #stream: SessionStream | undefined;
  #large: SessionWriter | undefined;
  /** Whether it has its end, sent or not: whatever follows is ignored. */
  #isOver = false;
  /** Whether it holds its generation: a stream may lose its connection and be taken up again. */
  #holds = false;
  headers: readonly string[] = [];

  constructor(exchange: WebExchange, session: Session, idText: string) {
    this.#exchange = exchange;
    this.#session = session;
    this.#idText = idText;
  }

  stream(): void {
    if (this.#stream !== undefined || this.#isOver) return;
    const stream = this.#session.streams.open();
    this.#stream = stream;
    this.#holds = holdOn(this.#exchange);
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
    if (this.#isOver) return;
    this.stream();
    this.#stream!.append(text);
  }

  response(text: string): void {
    if (!this.#ends()) return;
    if (this.#stream === undefined) {
      answerLater({ exchange: this.#exchange, idText: this.#idText, text, headers: this.headers });
      return;
    }
    this.#stream.append(text);
    this.#stream.finish();
  }

  large(): ResponseWriter | undefined {
    if (this.#isOver) return undefined;
    const stream = this.#stream;
    const again = new GatewayError('result_too_large', 'the result was too large to be kept: call again', {
      rpcCode: RPC.limited,
    });
    const writer =
      stream === undefined
        ? new JsonWriter(this.#exchange, this.headers)
        : stream.pass(errorResponse(this.#exchange, again, this.#idText), () => stream.finish());
    if (writer === undefined) return undefined;
    this.#large = new SessionWriter(writer, () => {
      this.#session.finished(this.#idText);
      this.#letGo();
      stream?.finish();
    });
    return this.#large;
  }

  /** No answer is expected to a request that was taken back (MCP 2025-11-25, cancellation). */
  abandon(): void {
    if (!this.#ends()) return;
    this.#exchange.record.outcome = 'cancelled';
    if (this.#large?.begun === true) this.#large.breakOff();
    else if (this.#stream === undefined) replyEmpty(this.#exchange, 202);
    else this.#stream.finish();
  }

  error(error: GatewayError): void {
    if (!this.#ends()) return;
    if (this.#large?.begun === true) {
      this.#large.breakOff();
      return;
    }
    if (this.#stream === undefined) {
      replyError(this.#exchange, error, this.#idText, this.headers);
      return;
    }
    this.#exchange.record.outcome = error.code;
    this.#stream.append(errorResponse(this.#exchange, error, this.#idText));
    this.#stream.finish();
  }

  /** False: it has its end already. */
  #ends(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#session.finished(this.#idText);
    this.#letGo();
    return true;
  }

  #letGo(): void {
    if (this.#holds) letGo(this.#exchange);
    this.#holds = false;
  }
}
