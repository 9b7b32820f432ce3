/** Where an upstream is, and how one of several places is chosen, as gateway.yaml says it. */
import type { EndpointsNode } from '../../../../schema/graph/upstream.ts';
import { duration, map, plain, sequence, type Written } from '../../written.ts';

export const writeEndpoints = ({
  endpoints,
  balance,
  health,
}: EndpointsNode): Readonly<Record<string, Written | undefined>> => ({
  endpoints: sequence(endpoints),
  balance: plain(balance),
  health:
    health &&
    map({
      every: duration(health.everyMs),
      unhealthyAfter: plain(health.unhealthyAfter),
      path: plain(health.path),
    }),
});
