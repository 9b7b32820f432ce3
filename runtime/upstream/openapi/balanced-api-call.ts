/** A call of an operation that may go to one of several endpoints, and to more than one of them. */
import type { Endpoints, Member } from '../endpoints.ts';
import { type Failure, isUnreached } from '../failure.ts';
import { Leg, Legs } from '../legs.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { conditionOf, isOutage } from '../status.ts';
import { ApiCall } from './api-call.ts';
import type { ApiEndpoint } from './api-endpoint.ts';
import { ApiExchange, type ApiExchangeTarget, type ApiReply } from './api-exchange.ts';
import type { ApiRequest } from './api-request.ts';
import { EgressRefused } from './egress-lookup.ts';
import type { Operation } from './operation.ts';

/** The call hears of it once it is the one that counts. */
class ApiLeg extends Leg<ApiEndpoint> implements ApiExchangeTarget {
  readonly exchange: ApiExchange;
  readonly #call: BalancedApiCall;

  constructor(call: BalancedApiCall, member: Member<ApiEndpoint>) {
    super(member);
    this.exchange = new ApiExchange(this, call.maxBytes);
    this.#call = call;
  }

  onHead(status: number): void {
    if (isOutage(status)) this.member.health.failed();
    else this.member.health.succeeded();
    // A refusal counts only where no other leg may still be answered.
    if (conditionOf(status) !== undefined) return;
    this.#call.choose(this);
    this.#call.onHead(status);
  }

  onReply(reply: ApiReply): void {
    if (conditionOf(reply.status) !== undefined && this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onReply(reply);
  }

  onBroken(failure: Failure): void {
    if (failure.counts === 'connect' || isForbidden(failure)) this.member.health.failed();
    if (this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onBroken(failure);
  }
}

/** Whether it is what a name resolves to that no connection may be made to. */
const isForbidden = ({ error }: Failure): boolean => error.cause instanceof EgressRefused;

export class BalancedApiCall extends ApiCall {
  readonly #legs: Legs<ApiEndpoint, ApiLeg>;

  constructor(
    endpoints: Endpoints<ApiEndpoint>,
    operation: Operation,
    sent: ApiRequest,
    request: OutboundRequest,
    sink: ReplySink,
  ) {
    super(endpoints.first, operation, sent, request, sink);
    const hedge = this.request.idempotent ? this.traffic.retry?.hedge : undefined;
    this.#legs = new Legs(endpoints, request.caller, hedge, {
      make: (member) => new ApiLeg(this, member),
      send: ({ member, exchange }) => this.dispatch(member.endpoint, exchange),
      mayHedge: () => this.mayHedge(),
    });
  }

  protected override attempt(): void {
    this.#legs.attempt();
  }

  protected override abandon(): void {
    this.#legs.abort();
  }

  protected override ended(): void {
    this.#legs.ended();
  }

  override onDeadline(): void {
    if (!this.over && !this.endsForCaller) this.#legs.silent();
    super.onDeadline();
  }

  protected override moves(failure: Failure): boolean {
    return this.#legs.moves(isUnreached(failure) || isForbidden(failure));
  }

  choose(leg: ApiLeg): void {
    this.#legs.choose(leg);
  }

  drops(leg: ApiLeg): boolean {
    return this.#legs.drops(leg);
  }
}
