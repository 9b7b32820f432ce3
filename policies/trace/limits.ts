/** Which limits a traced call would meet. Nothing is counted. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { BoundsLimitNode, CountingLimitNode } from '../../schema/graph/limit.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { compileGlobs } from '../glob.ts';
import { type Bounds, prepareBounds } from '../limit/bounds.ts';
import { type LimitScope, prepareLimitScope } from '../limit/scope.ts';
import type { LimitStep } from './trace.ts';

export interface PreparedLimits {
  steps(facts: CallFacts): readonly LimitStep[];
  /** By exposed tool name. */
  readonly bounds: (tool: string | undefined) => Bounds;
}

interface PreparedCount {
  readonly node: CountingLimitNode;
  readonly scope: LimitScope;
  /** Each part of the key by itself. */
  readonly parts: readonly { readonly expression: string; readonly scope: LimitScope }[];
}

const prepareCount = (node: CountingLimitNode): PreparedCount => ({
  node,
  scope: prepareLimitScope(node),
  parts: node.key.map((expression) => ({ expression, scope: prepareLimitScope({ key: [expression] }) })),
});

const countStep = ({ node, scope, parts }: PreparedCount, facts: CallFacts): LimitStep => {
  const { name, count } = node;
  const cost = scope.cost(facts);
  const keys = cost > 0 ? parts.map((part) => ({ ...part, key: part.scope.key(facts) })) : [];
  const step = {
    step: 'limit',
    path: ['limits', name],
    name,
    applies: cost > 0,
    count,
    cost,
    keys: keys.map(({ expression, key }) => ({ expression, key })),
    passes: true,
  } as const;
  return node.type === 'rate'
    ? { ...step, type: 'rate', periodMs: node.periodMs, burst: node.burst }
    : { ...step, type: 'quota', windowMs: node.windowMs };
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
  const counts = new Map(
    nodes.filter((node) => node.type !== 'bounds').map((node) => [node.name, prepareCount(node)]),
  );
  return {
    steps: (facts) =>
      nodes.map((node) =>
        node.type === 'bounds' ? boundsStep(node, facts) : countStep(counts.get(node.name)!, facts),
      ),
    bounds: prepareBounds(nodes.filter((node) => node.type === 'bounds')),
  };
};
