/** What several threads tell of the same upstreams, as one. */
import type { EndpointState, UpstreamState } from '../upstream/link.ts';

type Upstreams = Readonly<Record<string, UpstreamState>>;

const SEVERITY = { none: 0, closed: 1, 'half-open': 2, open: 3 } as const;

/** Threads look for themselves: an endpoint is as bad as the worst of them has it. */
const mergeEndpoints = (
  one: readonly EndpointState[],
  other: readonly EndpointState[],
): readonly EndpointState[] =>
  one.map((endpoint, at) => ({
    url: endpoint.url,
    healthy: endpoint.healthy && other[at]?.healthy !== false,
    inFlight: endpoint.inFlight + (other[at]?.inFlight ?? 0),
  }));

const merge = (one: UpstreamState, other: UpstreamState): UpstreamState => ({
  breaker: SEVERITY[one.breaker] >= SEVERITY[other.breaker] ? one.breaker : other.breaker,
  ...(one.openTools && { openTools: [...new Set([...one.openTools, ...(other.openTools ?? [])])].sort() }),
  inFlight: one.inFlight + other.inFlight,
  ...(one.waiting !== undefined && { waiting: one.waiting + (other.waiting ?? 0) }),
  links: one.links + other.links,
  processes: [...one.processes, ...other.processes],
  eras: [...new Set([...one.eras, ...other.eras])].sort(),
  ...(one.endpoints && { endpoints: mergeEndpoints(one.endpoints, other.endpoints ?? []) }),
});

/** Numbers are added up; a breaker is as open as the thread that looked last has it. */
export const mergeUpstreams = (all: readonly Upstreams[]): Upstreams => {
  const merged: Record<string, UpstreamState> = {};
  for (const upstreams of all)
    for (const [name, state] of Object.entries(upstreams)) {
      const known = merged[name];
      merged[name] = known === undefined ? state : merge(known, state);
    }
  return merged;
};
