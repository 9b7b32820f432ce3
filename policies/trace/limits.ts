/** Which limits a traced call would meet. Nothing is counted. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { BoundsLimitNode, RateLimitNode } from '../../schema/graph/limit.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { compileGlobs } from '../glob.ts';
import { type Bounds, prepareBounds } from '../limit/bounds.ts';
import { prepareRateScope, type RateScope } from '../limit/rate-scope.ts';
import type { LimitStep } from './trace.ts';

export interface PreparedLimits {
  steps(facts: CallFacts): readonly LimitStep[];
  /** By exposed tool name. */
  readonly bounds: (tool: string | undefined) => Bounds;
}

interface PreparedRate {
  readonly node: RateLimitNode;
  readonly scope: RateScope;
  /** Each part of the key by itself. */
  readonly parts: readonly { readonly expression: string; readonly scope: RateScope }[];
}

const prepareRate = (node: RateLimitNode): PreparedRate => ({
  node,
  scope: prepareRateScope(node),
  parts: node.key.map((expression) => ({
    expression,
    scope: prepareRateScope({ ...node, key: [expression] }),
  })),
});

const rateStep = ({ node, scope, parts }: PreparedRate, facts: CallFacts): LimitStep => {
  const { name, count, periodMs, burst } = node;
  const applies = scope.applies(facts);
  const keys = applies
    ? parts.map((part) => ({ expression: part.expression, key: part.scope.key(facts) }))
    : [];
  return {
    step: 'limit',
    path: ['limits', name],
    name,
    type: 'rate',
    applies,
    count,
    periodMs,
    burst,
    keys,
    passes: true,
  };
};

const boundsStep = (node: BoundsLimitNode, { call }: CallFacts): LimitStep => {
  const { name, tools, callTimeoutMs, resultBytes } = node;
  const applies = tools === undefined || (call.method === 'tools/call' && compileGlobs(tools)(call.name));
  return {
    step: 'limit',
    path: ['limits', name],
    name,
    type: 'bounds',
    applies,
    ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    ...(resultBytes === undefined ? {} : { resultBytes }),
    passes: true,
  };
};

export const prepareLimits = (server: ServerNode, graph: Graph): PreparedLimits => {
  const nodes = server.limits.map((name) => graph.limits[name]!);
  const rates = new Map(
    nodes.filter((node) => node.type === 'rate').map((node) => [node, prepareRate(node)]),
  );
  return {
    steps: (facts) =>
      nodes.map((node) =>
        node.type === 'rate' ? rateStep(rates.get(node)!, facts) : boundsStep(node, facts),
      ),
    bounds: prepareBounds(nodes.filter((node) => node.type === 'bounds')),
  };
};
