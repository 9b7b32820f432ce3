/** Upstreams as they run. */

import { RESPONSE_ENVIRONMENT } from '../../policies/cel/environment.ts';
import { prepareCel } from '../../policies/cel/program.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import { Breakers } from '../traffic/breakers.ts';
import { RetryBudget } from '../traffic/retry-budget.ts';
import { Bulkhead } from './bulkhead.ts';
import type { UpstreamContext } from './context.ts';
import { HttpUpstream } from './http.ts';
import type { Upstream } from './link.ts';
import { OpenApiUpstream } from './openapi.ts';
import { StdioUpstream } from './stdio.ts';
import type { Traffic } from './traffic.ts';

/** An answer that the condition cannot be told of, as it reads what is not there, is no failure. */
const failing = (failWhen: string | undefined): Traffic['fails'] => {
  if (failWhen === undefined) return undefined;
  const program = prepareCel(failWhen, RESPONSE_ENVIRONMENT);
  return (answer) => program.evaluate(answer) === true;
};

/** An upstream ready to be used. Nothing is connected or started before it is asked for. */
export const createUpstream = (node: UpstreamNode, context: UpstreamContext): Upstream => {
  const traffic: Traffic = {
    upstream: node.name,
    timeouts: node.timeouts,
    deadlineHeader: node.type === 'stdio' ? undefined : node.headers.deadline,
    givenUpAfterMs: node.breaker?.givenUpAfterMs ?? node.timeouts.callMs / 2,
    retry: node.retry,
    budget:
      node.retry?.budget === undefined
        ? undefined
        : new RetryBudget(node.retry.budget, { memory: context.budget }),
    breakers:
      node.breaker === undefined
        ? undefined
        : new Breakers(node.breaker, {
            ...context.breaker,
            onChange: (state, tool) => context.observer.onBreaker(node.name, state, tool),
          }),
    fails: failing(node.breaker?.failWhen),
    bulkhead: node.concurrency && new Bulkhead(node.concurrency, node.timeouts, context.places),
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
