/** A call of an operation that may be sent more than once: the first answer that is no refusal counts. */
import type { HedgeNode } from '../../../schema/graph/upstream.ts';
import type { Failure } from '../failure.ts';
import { Hedge, type Hedged } from '../hedge.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import type { Api } from './api.ts';
import { ApiCall, statusFailure } from './api-call.ts';
import { ApiExchange, type ApiExchangeTarget, type ApiReply } from './api-exchange.ts';
import type { ApiRequest } from './api-request.ts';
import type { Operation } from './operation.ts';

/** One of the requests that a call has become. */
class Leg implements ApiExchangeTarget {
  readonly exchange: ApiExchange;
  readonly #call: HedgedApiCall;

  constructor(call: HedgedApiCall) {
    this.exchange = new ApiExchange(this, call.maxBytes);
    this.#call = call;
  }

  onHead(): void {
    this.#call.onHead();
  }

  onReply(reply: ApiReply): void {
    if (statusFailure(reply) !== undefined && this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onReply(reply);
  }

  onBroken(failure: Failure): void {
    if (this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onBroken(failure);
  }
}

export class HedgedApiCall extends ApiCall implements Hedged {
  readonly #hedge: Hedge;
  /** Those that have not failed; none once one counts. */
  #legs: Leg[] = [];

  constructor(
    api: Api,
    operation: Operation,
    sent: ApiRequest,
    request: OutboundRequest,
    sink: ReplySink,
    node: HedgeNode,
  ) {
    super(api, operation, sent, request, sink);
    this.#hedge = new Hedge(this, node);
  }

  protected override attempt(): void {
    this.#send();
    this.#hedge.wait();
  }

  protected override abandon(): void {
    for (const { exchange } of this.#legs) exchange.abort();
  }

  protected override ended(): void {
    this.#hedge.stop();
  }

  /** `leg` has an end that counts: the others are taken back. */
  choose(leg: Leg): void {
    this.#hedge.stop();
    for (const each of this.#legs) if (each !== leg) each.exchange.abort();
    this.#legs = [];
  }

  /** Whether nothing is made of the failure of `leg`, because another one may still be answered. */
  drops(leg: Leg): boolean {
    if (this.#legs.length < 2) return false;
    this.#legs = this.#legs.filter((each) => each !== leg);
    return true;
  }

  hedge(): boolean {
    if (this.#legs.length === 0 || !this.mayHedge()) return false;
    this.#send();
    return true;
  }

  #send(): void {
    const leg = new Leg(this);
    this.#legs.push(leg);
    this.send(leg.exchange);
  }
}
