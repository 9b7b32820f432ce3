/** The endpoints of one upstream where there is a choice, or where they are looked after. */

import type { HttpUpstreamNode } from '../../../schema/graph/upstream.ts';
import { Balancer, type Candidate } from '../../traffic/balance.ts';
import { EndpointHealth } from '../../traffic/health.ts';
import { textHash } from '../../traffic/text-hash.ts';
import type { Traffic } from '../call.ts';
import type { EndpointState } from '../link.ts';
import { HttpEndpoint } from './endpoint.ts';
import { HealthChecks } from './health-checks.ts';

/** One of them, with what is known of it. */
export class Member implements Candidate {
  readonly endpoint: HttpEndpoint;
  /** Its address without query and credentials. */
  readonly url: string;
  readonly health: EndpointHealth;
  readonly seed: number;
  inFlight = 0;

  constructor(endpoint: HttpEndpoint, url: string, health: EndpointHealth) {
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

export class Endpoints {
  readonly members: readonly Member[];
  readonly #balancer: Balancer<Member>;
  readonly #checks: HealthChecks;

  /** @param onUnhealthy told of an endpoint that gets no calls any more, if another one does */
  constructor(node: HttpUpstreamNode, traffic: Traffic, onUnhealthy: (member: Member) => void) {
    const health = node.health!;
    this.members = node.endpoints.map((text, at) => {
      const url = shownUrl(text);
      const changed = (healthy: boolean): void => {
        traffic.context.observer.onHealth(traffic.upstream, url, healthy);
        if (!healthy && this.members.some((each) => each.healthy)) onUnhealthy(member);
      };
      const member = new Member(
        new HttpEndpoint(node, text, traffic),
        url,
        new EndpointHealth(health, { onChange: changed, memory: traffic.context.health, at }),
      );
      return member;
    });
    if (this.members.length > 1)
      for (const { endpoint, health } of this.members) endpoint.onUnreached = () => health.failed();
    this.#balancer = new Balancer(node.balance ?? 'failover', this.members);
    this.#checks = new HealthChecks(this.members, health.everyMs, node.timeouts.connectMs, traffic);
  }

  get first(): HttpEndpoint {
    return this.members[0]!.endpoint;
  }

  /** Where the next request goes. `elsewhere`: better to one that is not healthy than to one that was tried. */
  choose(key: string | undefined, tried?: ReadonlySet<Member>, elsewhere = false): Member {
    return this.#balancer.choose({ key, tried, elsewhere });
  }

  state(): readonly EndpointState[] {
    return this.members.map(({ url, healthy, inFlight }) => ({ url, healthy, inFlight }));
  }

  close(): void {
    this.#checks.close();
    for (const { endpoint } of this.members) endpoint.close();
  }
}
