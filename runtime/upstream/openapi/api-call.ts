/** A tools/call as a request to an API. */
import { parseRetryAfterMs } from '../../traffic/retry.ts';
import { Call } from '../call.ts';
import { type Failure, upstreamError } from '../failure.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { conditionOf } from '../status.ts';
import type { ApiEndpoint } from './api-endpoint.ts';
import { ApiExchange, type ApiExchangeTarget, type ApiReply } from './api-exchange.ts';
import type { ApiRequest } from './api-request.ts';
import { EgressRefused } from './egress-lookup.ts';
import type { Operation } from './operation.ts';
import { replyAnswer } from './tool-result.ts';

export class ApiCall extends Call implements ApiExchangeTarget {
  readonly #endpoint: ApiEndpoint;
  readonly #operation: Operation;
  readonly #sent: ApiRequest;
  #exchange: ApiExchange | undefined;

  constructor(
    endpoint: ApiEndpoint,
    operation: Operation,
    sent: ApiRequest,
    request: OutboundRequest,
    sink: ReplySink,
  ) {
    super(endpoint.traffic, { ...request, idempotent: request.idempotent || operation.idempotent }, sink);
    this.#endpoint = endpoint;
    this.#operation = operation;
    this.#sent = sent;
  }

  protected attempt(): void {
    this.#exchange = new ApiExchange(this, this.maxBytes);
    this.dispatch(this.#endpoint, this.#exchange);
  }

  protected dispatch(endpoint: ApiEndpoint, exchange: ApiExchange): void {
    endpoint.send(this.#sent, forwardedIn(this.sentHeaders), exchange, this.request.caller);
  }

  protected abandon(_reason: string): void {
    this.#exchange?.abort();
  }

  onHead(_status: number): void {
    this.answering();
  }

  onReply(reply: ApiReply): void {
    const failure = statusFailure(reply);
    if (failure !== undefined && this.retries(failure)) {
      this.failed(failure);
      return;
    }
    const { name, output } = this.#operation;
    const { text, message } = replyAnswer(this.request.id, name, reply, output);
    this.respond(text, message, reply.status < 500);
  }

  onBroken(failure: Failure): void {
    const { cause } = failure.error;
    if (cause instanceof EgressRefused) this.#endpoint.refusals.note('', cause);
    this.failed(failure);
  }
}

/** The headers of the caller that are passed on: those that MCP has for itself are no API's business. */
const forwardedIn = (headers: readonly string[]): readonly string[] => {
  const forwarded: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (!name.startsWith('mcp-')) forwarded.push(name, headers[at + 1]!);
  }
  return forwarded;
};

/** What a status tells that is worth another attempt. */
export const statusFailure = ({ status, headers }: ApiReply): Failure | undefined => {
  const condition = conditionOf(status);
  if (condition === undefined) return undefined;
  const retryAfterMs = parseRetryAfterMs(headers['retry-after'], Date.now());
  return {
    error: upstreamError('upstream_unavailable', `HTTP status ${status}`, retryAfterMs),
    condition,
    sent: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status >= 500 ? { counts: 'status' as const } : {}),
  };
};
