/** The endpoints of one upstream where there is a choice, where they are looked after, or where calls are hedged. */

import type { EndpointsNode, HealthNode, TimeoutsNode } from '../../schema/graph/upstream.ts';
import { Balancer, type Candidate } from '../traffic/balance.ts';
import { EndpointHealth } from '../traffic/health.ts';
import { textHash } from '../traffic/text-hash.ts';
import { type AskEndpoint, HealthChecks } from './health-checks.ts';
import type { EndpointState } from './link.ts';
import type { Traffic } from './traffic.ts';

/** The connections to one of them. */
export interface Endpoint {
  /** Calls that wait for one. */
  readonly waiting: number;
  /** Breaks whatever is in flight. */
  close(): void;
}

/** What endpoints of one kind of upstream have of their own. */
interface EndpointKind<E> {
  make(url: string): E;
  readonly ask: AskEndpoint<E>;
  /** Told of an endpoint that gets no calls any more, if another one does. */
  onUnhealthy?(endpoint: E): void;
}

/** One of them, with what is known of it. */
export class Member<E> implements Candidate {
  readonly endpoint: E;
  /** Its address without query and credentials. */
  readonly url: string;
  readonly health: EndpointHealth;
  readonly seed: number;
  inFlight = 0;

  constructor(endpoint: E, url: string, health: EndpointHealth) {
    this.endpoint = endpoint;
    this.url = url;
    this.health = health;
    this.seed = textHash(url);
  }

  get healthy(): boolean {
    return this.health.healthy;
  }
}

const shownUrl = (text: string): string => {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
};

/** What is assumed of an endpoint that nobody looks after. */
const NEVER_UNHEALTHY: Pick<HealthNode, 'unhealthyAfter'> = { unhealthyAfter: Number.POSITIVE_INFINITY };

/** Undefined where calls can go nowhere but to the one endpoint, once at a time, whatever becomes of it. */
export const endpointsOf = <E extends Endpoint>(
  node: EndpointsNode & { readonly timeouts: TimeoutsNode },
  traffic: Traffic,
  kind: EndpointKind<E>,
): Endpoints<E> | undefined =>
  node.health === undefined && traffic.retry?.hedge === undefined
    ? undefined
    : new Endpoints(node, traffic, kind);

export class Endpoints<E extends Endpoint> {
  readonly members: readonly Member<E>[];
  readonly #balancer: Balancer<Member<E>>;
  /** Absent where they are not looked after. */
  readonly #checks: HealthChecks<E> | undefined;

  constructor(
    { endpoints, balance, health, timeouts }: EndpointsNode & { readonly timeouts: TimeoutsNode },
    traffic: Traffic,
    kind: EndpointKind<E>,
  ) {
    this.members = endpoints.map((text, at) => {
      const url = shownUrl(text);
      const onChange = (healthy: boolean): void => {
        traffic.context.observer.onHealth(traffic.upstream, url, healthy);
        if (!healthy && this.members.some((each) => each.healthy)) kind.onUnhealthy?.(member.endpoint);
      };
      const memory = traffic.context.health;
      const member = new Member(
        kind.make(text),
        url,
        new EndpointHealth(health ?? NEVER_UNHEALTHY, { onChange, memory, at }),
      );
      return member;
    });
    this.#balancer = new Balancer(balance ?? 'failover', this.members);
    if (health !== undefined)
      this.#checks = new HealthChecks(this.members, health.everyMs, timeouts.connectMs, kind.ask);
  }

  get first(): E {
    return this.members[0]!.endpoint;
  }

  /** Where the next request goes. `elsewhere`: better to one that is not healthy than to one that was tried. */
  choose(key: string | undefined, tried?: ReadonlySet<Member<E>>, elsewhere = false): Member<E> {
    return this.#balancer.choose({ key, tried, elsewhere });
  }

  /** Calls that wait for a connection to any. */
  get waiting(): number {
    return this.members.reduce((sum, { endpoint }) => sum + endpoint.waiting, 0);
  }

  /** Undefined where they are not looked after. */
  state(): readonly EndpointState[] | undefined {
    if (this.#checks === undefined) return undefined;
    return this.members.map(({ url, healthy, inFlight }) => ({ url, healthy, inFlight }));
  }

  close(): void {
    this.#checks?.close();
    for (const { endpoint } of this.members) endpoint.close();
  }
}
