/** Upstreams as they run. */
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import { createBreaker } from '../traffic/breaker.ts';
import { RetryBudget } from '../traffic/retry-budget.ts';
import type { Traffic } from './call.ts';
import type { UpstreamContext } from './context.ts';
import { HttpUpstream } from './http.ts';
import type { Upstream } from './link.ts';
import { OpenApiUpstream } from './openapi.ts';
import { StdioUpstream } from './stdio.ts';

/** An upstream ready to be used. Nothing is connected or started before it is asked for. */
export const createUpstream = (node: UpstreamNode, context: UpstreamContext): Upstream => {
  const traffic: Traffic = {
    upstream: node.name,
    timeouts: node.timeouts,
    retry: node.retry,
    budget: node.retry?.budget === undefined ? undefined : new RetryBudget(node.retry.budget),
    breaker:
      node.breaker === undefined
        ? undefined
        : createBreaker(node.breaker, {
            ...context.breaker,
            onChange: (state) => context.observer.onBreaker(node.name, state),
          }),
    context,
    inFlight: 0,
  };
  switch (node.type) {
    case 'http':
      return new HttpUpstream(node, context, traffic);
    case 'stdio':
      return new StdioUpstream(node, traffic);
    case 'openapi':
      return new OpenApiUpstream(node, traffic);
  }
};
