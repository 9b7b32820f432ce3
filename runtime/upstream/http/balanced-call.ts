/** A call that may go to one of several endpoints, and to more than one of them. */

import type { Loan } from '../client/read-buffers.ts';
import type { ReplyHeaders } from '../client/reply-head.ts';
import type { Endpoints, Member } from '../endpoints.ts';
import { type Failure, isUnreached } from '../failure.ts';
import type { Inflow, Source } from '../large/large-response.ts';
import { Leg, Legs } from '../legs.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { isOutage } from '../status.ts';
import type { HttpEndpoint } from './endpoint.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { PlainCall } from './modern-link.ts';

/** The call hears of it once it is the one that counts. */
class HttpLeg extends Leg<HttpEndpoint> implements ExchangeTarget {
  readonly exchange: HttpExchange;
  readonly #call: BalancedCall;

  constructor(call: BalancedCall, member: Member<HttpEndpoint>) {
    super(member);
    this.exchange = new HttpExchange(this, call.maxBytes);
    this.#call = call;
  }

  onHead(headers: ReplyHeaders): void {
    this.member.health.succeeded();
    this.#call.choose(this);
    this.#call.onHead(headers);
  }

  onJson(text: string): void {
    this.#call.onJson(text);
  }

  onEventStream(): void {
    this.#call.onEventStream();
  }

  onEvent(data: string): void {
    this.#call.onEvent(data);
  }

  onLarge(
    prefix: readonly Buffer[],
    source: Source,
    loans?: readonly Loan[],
  ): Inflow | 'refused' | undefined {
    return this.#call.onLarge(prefix, source, loans);
  }

  onStreamEnd(cause: Error | undefined): void {
    this.#call.onStreamEnd(cause);
  }

  onRefusal(status: number, headers: ReplyHeaders, text: string): void {
    if (isOutage(status)) this.member.health.failed();
    else this.member.health.succeeded();
    if (isOutage(status) && this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onRefusal(status, headers, text);
  }

  onBroken(failure: Failure): void {
    if (failure.counts === 'connect') this.member.health.failed();
    if (this.#call.drops(this)) return;
    this.#call.choose(this);
    this.#call.onBroken(failure);
  }
}

export class BalancedCall extends PlainCall {
  readonly #legs: Legs<HttpEndpoint, HttpLeg>;

  constructor(
    endpoints: Endpoints<HttpEndpoint>,
    headers: readonly string[],
    request: OutboundRequest,
    sink: ReplySink,
    onContradiction: () => void,
  ) {
    super(endpoints.first, headers, request, sink, onContradiction);
    const hedge = request.idempotent && !this.staysOpen ? this.traffic.retry?.hedge : undefined;
    this.#legs = new Legs(endpoints, request.caller, hedge, {
      make: (member) => new HttpLeg(this, member),
      send: (leg) => this.#send(leg),
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
    return this.#legs.moves(isUnreached(failure));
  }

  choose(leg: HttpLeg): void {
    this.#legs.choose(leg);
    this.exchange = leg.exchange;
  }

  drops(leg: HttpLeg): boolean {
    return this.#legs.drops(leg);
  }

  #send(leg: HttpLeg): void {
    this.endpoint = leg.member.endpoint;
    this.exchange = leg.exchange;
    this.dispatch(leg.exchange);
  }
}
