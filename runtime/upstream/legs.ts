/** The requests that one call has become: each at another endpoint where there is one, until one of them counts. */
import type { HedgeNode } from '../../schema/graph/upstream.ts';
import type { Endpoint, Endpoints, Member } from './endpoints.ts';
import { Hedge, type Hedged } from './hedge.ts';

/** One of them. */
export abstract class Leg<E> {
  readonly member: Member<E>;
  abstract readonly exchange: { abort(): void };
  #over = false;

  constructor(member: Member<E>) {
    this.member = member;
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
}

/** What a call does for its legs. */
interface LegsCall<E, L> {
  make(member: Member<E>): L;
  /** Must not throw. */
  send(leg: L): void;
  /** Whether it may be sent once more beside itself. */
  mayHedge(): boolean;
}

export class Legs<E extends Endpoint, L extends Leg<E>> implements Hedged {
  readonly #endpoints: Endpoints<E>;
  readonly #key: string | undefined;
  readonly #call: LegsCall<E, L>;
  readonly #hedge: Hedge | undefined;
  readonly #tried = new Set<Member<E>>();
  /** Those that have not failed; only the one that counts, once there is one. */
  #legs: L[] = [];
  #isChosen = false;
  #isMoving = false;

  /** @param key calls with the same one go to the same endpoint, where that is declared */
  constructor(
    endpoints: Endpoints<E>,
    key: string | undefined,
    hedge: HedgeNode | undefined,
    call: LegsCall<E, L>,
  ) {
    this.#endpoints = endpoints;
    this.#key = key;
    this.#call = call;
    this.#hedge = hedge === undefined ? undefined : new Hedge(this, hedge);
  }

  /** Makes one attempt of the call. */
  attempt(): void {
    for (const leg of this.#legs) leg.end();
    this.#legs = [];
    this.#isChosen = false;
    this.#send();
    this.#hedge?.wait();
  }

  /** The call is taken back. */
  abort(): void {
    for (const leg of this.#legs) leg.abort();
  }

  /** The call is over. */
  ended(): void {
    this.#hedge?.stop();
    for (const leg of this.#legs) leg.end();
  }

  /** Time is up. An endpoint that has begun to answer is there. */
  silent(): void {
    if (!this.#isChosen) for (const { member } of this.#legs) member.health.failed();
  }

  /** Whether the call goes elsewhere at once; `isUnreached`: its endpoint was not reached, and nothing of it was sent. */
  moves(isUnreached: boolean): boolean {
    this.#isMoving = isUnreached && this.#tried.size < this.#endpoints.members.length;
    return this.#isMoving;
  }

  /** `leg` is answered first: the others are taken back. */
  choose(leg: L): void {
    if (this.#isChosen) return;
    this.#isChosen = true;
    this.#hedge?.stop();
    for (const each of this.#legs) if (each !== leg) each.abort();
    this.#legs = [leg];
  }

  /** Whether nothing is made of the failure of `leg`, because another one may still be answered. */
  drops(leg: L): boolean {
    if (this.#isChosen || this.#legs.length < 2) return false;
    leg.abort();
    this.#legs = this.#legs.filter((each) => each !== leg);
    return true;
  }

  hedge(): boolean {
    if (this.#isChosen || this.#legs.length === 0 || !this.#call.mayHedge()) return false;
    this.#send();
    return true;
  }

  #send(): void {
    const member = this.#endpoints.choose(this.#key, this.#tried, this.#isMoving);
    this.#isMoving = false;
    this.#tried.add(member);
    const leg = this.#call.make(member);
    this.#legs.push(leg);
    this.#call.send(leg);
  }
}
