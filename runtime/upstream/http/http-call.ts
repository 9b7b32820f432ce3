/** A call over HTTP POST: what both eras share. */
import { TracelessError } from '../../errors.ts';
import { parseRetryAfterMs } from '../../traffic/retry.ts';
import { Call } from '../call.ts';
import type { Loan } from '../client/read-buffers.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import { dispatchFailure, type Failure, isUnreached, protocolFailure, upstreamError } from '../failure.ts';
import { type Inflow, passOn, type Source } from '../large/large-response.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { errorCode, isResponse, type Message, parseMessages } from '../message.ts';
import { conditionOf, isOutage } from '../status.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';

/** A JSON-RPC error that came with a refusal, as it is handed on. */
export interface Relayed {
  readonly text: string;
  readonly message: Message;
  /** It named no request, and was given this one's id. */
  readonly adopted: boolean;
}

/** One request and its reply: a JSON body, or a stream that ends in the response. */
export abstract class HttpCall extends Call implements ExchangeTarget {
  protected endpoint: HttpEndpoint;
  protected exchange: HttpExchange | undefined;

  constructor(endpoint: HttpEndpoint, request: OutboundRequest, sink: ReplySink) {
    super(endpoint.traffic, request, sink);
    this.endpoint = endpoint;
  }

  /** The headers of the POST besides those of the request; the same array each time, as long as they stay. */
  protected abstract get linkHeaders(): readonly string[];

  /** A message of the upstream that is no response of this call's. */
  protected abstract sideMessage(text: string, message: Message): void;

  protected attempt(): void {
    this.exchange = new HttpExchange(this, this.maxBytes);
    this.dispatch(this.exchange);
  }

  protected dispatch(exchange: HttpExchange): void {
    const headers = this.sentHeaders;
    // A connection that is kept for long is not taken from the calls.
    const isAside = this.staysOpen || this.request.mayPause === true;
    this.endpoint.post(this.linkHeaders, headers, this.request, exchange, isAside);
  }

  protected abandon(_reason: string): void {
    this.exchange?.abort();
  }

  onHead(_headers: ReplyHeaders): void {
    this.answering();
  }

  onEventStream(): void {
    this.streaming();
  }

  onJson(text: string): void {
    const parsed = parseMessages(text);
    if (parsed === undefined) this.failed(protocolFailure('reply is not JSON-RPC'));
    else if (Array.isArray(parsed)) for (const each of parsed) this.#take(each.text, each.message);
    else this.#take(text, parsed as Message);
    // What was not the response was passed on; the reply is over all the same.
    if (!this.over) this.failed(protocolFailure('reply without a response'));
  }

  onEvent(data: string): void {
    const parsed = parseMessages(data);
    if (parsed === undefined) this.#refuse(protocolFailure('event is not JSON-RPC'));
    else if (Array.isArray(parsed)) for (const each of parsed) this.#take(each.text, each.message);
    else this.#take(data, parsed as Message);
  }

  onLarge(
    prefix: readonly Buffer[],
    source: Source,
    loans?: readonly Loan[],
  ): Inflow | 'refused' | undefined {
    return passOn(this, prefix, source, loans);
  }

  onStreamEnd(cause: Error | undefined): void {
    this.failed(
      cause === undefined ? protocolFailure('stream without a response') : dispatchFailure(cause, true),
    );
  }

  onRefusal(status: number, headers: ReplyHeaders, text: string): void {
    this.answering();
    const failure = refusalFailure(status, headers);
    const relay = this.relayable(status, text);
    if (relay === undefined || this.retries(failure)) this.failed(failure);
    else this.respond(relay.text, relay.message, status < 500);
  }

  onBroken(failure: Failure): void {
    const goesElsewhere = this.request.mayMove === true && isUnreached(failure);
    this.failed(goesElsewhere ? { error: failure.error, sent: false } : failure);
  }

  /**
   * The JSON-RPC error in a refusal, if it answers this request. One without an id does so too where the status
   * says that the request was at fault: there was only one.
   */
  protected relayable(status: number, text: string): Relayed | undefined {
    if (text === '') return undefined;
    const parsed = parseMessages(text);
    if (parsed === undefined || Array.isArray(parsed)) return undefined;
    const answer = parsed as Message;
    if (errorCode(answer) === undefined) return undefined;
    if (answer.id === this.request.id) return { text, message: answer, adopted: false };
    if ((answer.id !== undefined && answer.id !== null) || status !== 400) return undefined;
    const message = { jsonrpc: '2.0', id: this.request.id, error: answer.error };
    return { text: JSON.stringify(message), message, adopted: true };
  }

  #take(text: string, message: Message): void {
    if (!isResponse(message)) this.sideMessage(text, message);
    else if (message.id === this.request.id) {
      const { exchange } = this;
      this.respond(text, message);
      exchange?.release();
    } else this.#refuse(protocolFailure('response to another request'));
  }

  #refuse(failure: Failure): void {
    const { exchange } = this;
    this.failed(failure);
    exchange?.abort();
  }
}

/**
 * Whether a status tells of credentials or of an outage, and so nothing of what the upstream speaks, whatever its
 * body says.
 */
export const isNoEvidence = (status: number): boolean =>
  status === 401 || status === 403 || status === 429 || status >= 500;

const refusalFailure = (status: number, headers: ReplyHeaders): Failure => {
  const text = `HTTP status ${status}`;
  const cause = isOutage(status) ? new TracelessError(text) : text;
  const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now());
  const condition = conditionOf(status);
  return {
    error: upstreamError(
      isNoEvidence(status) ? 'upstream_unavailable' : 'upstream_protocol',
      cause,
      retryAfterMs,
    ),
    sent: true,
    ...(condition === undefined ? {} : { condition }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status >= 500 ? { counts: 'status' as const } : {}),
  };
};
