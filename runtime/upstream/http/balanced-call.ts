/** A call that may go to one of several endpoints, and to more than one of them. */
import type { ReplyHeaders } from '../client/reply-head.ts';
import type { Failure } from '../failure.ts';
import { Hedge, type Hedged } from '../hedge.ts';
import type { Inflow, Source } from '../large/large-response.ts';
import type { OutboundRequest, ReplySink } from '../link.ts';
import { isOutage } from './endpoint.ts';
import type { Endpoints, Member } from './endpoints.ts';
import { type ExchangeTarget, HttpExchange } from './exchange.ts';
import { PlainCall } from './modern-link.ts';

/** One of the requests that a call has become. The call hears of it once it is the one that counts. */
class Leg implements ExchangeTarget {
  readonly member: Member;
  readonly exchange: HttpExchange;
  readonly #call: BalancedCall;
  #over = false;

  constructor(call: BalancedCall, member: Member) {
    this.member = member;
    this.exchange = new HttpExchange(this, call.maxBytes);
    this.#call = call;
    member.inFlight += 1;
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.member.inFlight -= 1;
  }

  abort(): void {
    this.end();
    this.exchange.abort();
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

  onLarge(prefix: readonly Buffer[], source: Source): Inflow | 'refused' | undefined {
    return this.#call.onLarge(prefix, source);
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

export class BalancedCall extends PlainCall implements Hedged {
  readonly #endpoints: Endpoints;
  readonly #tried = new Set<Member>();
  readonly #hedge: Hedge | undefined;
  /** Those that have not failed; only the one that counts, once there is one. */
  #legs: Leg[] = [];
  #isChosen = false;
  #isMoving = false;

  constructor(
    endpoints: Endpoints,
    headers: readonly string[],
    request: OutboundRequest,
    sink: ReplySink,
    onContradiction: () => void,
  ) {
    super(endpoints.first, headers, request, sink, onContradiction);
    const hedge = request.idempotent && !this.staysOpen ? this.traffic.retry?.hedge : undefined;
    this.#endpoints = endpoints;
    this.#hedge = hedge === undefined ? undefined : new Hedge(this, hedge);
  }

  protected override attempt(): void {
    for (const leg of this.#legs) leg.end();
    this.#legs = [];
    this.#isChosen = false;
    this.#send();
    this.#hedge?.wait();
  }

  protected override abandon(): void {
    for (const leg of this.#legs) leg.abort();
  }

  protected override ended(): void {
    this.#hedge?.stop();
    for (const leg of this.#legs) leg.end();
  }

  override onDeadline(): void {
    // An endpoint that has begun to answer is there.
    if (!this.over && !this.#isChosen && !this.endsForCaller)
      for (const { member } of this.#legs) member.health.failed();
    super.onDeadline();
  }

  /** Nothing was sent: whatever the call does, it does it elsewhere, once. */
  protected override moves(failure: Failure): boolean {
    this.#isMoving =
      failure.condition === 'connect-error' &&
      !failure.sent &&
      this.#tried.size < this.#endpoints.members.length;
    return this.#isMoving;
  }

  /** `leg` is answered first: the others are taken back. */
  choose(leg: Leg): void {
    if (this.#isChosen) return;
    this.#isChosen = true;
    this.#hedge?.stop();
    for (const each of this.#legs) if (each !== leg) each.abort();
    this.#legs = [leg];
    this.exchange = leg.exchange;
  }

  /** Whether nothing is made of the failure of `leg`, because another one may still be answered. */
  drops(leg: Leg): boolean {
    if (this.#isChosen || this.#legs.length < 2) return false;
    leg.abort();
    this.#legs = this.#legs.filter((each) => each !== leg);
    return true;
  }

  hedge(): boolean {
    if (this.#isChosen || this.#legs.length === 0 || !this.mayHedge()) return false;
    this.#send();
    return true;
  }

  #send(): void {
    const member = this.#endpoints.choose(this.request.caller, this.#tried, this.#isMoving);
    this.#isMoving = false;
    this.#tried.add(member);
    const leg = new Leg(this, member);
    this.#legs.push(leg);
    this.endpoint = member.endpoint;
    this.exchange = leg.exchange;
    this.dispatch(leg.exchange);
  }
}
