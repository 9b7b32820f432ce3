/** Which limits a traced call would meet. Nothing is counted. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { BoundsLimitNode, ConcurrencyLimitNode, CountingLimitNode } from '../../schema/graph/limit.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import { compileGlobs } from '../glob.ts';
import { type Bounds, prepareBounds } from '../limit/bounds.ts';
import { type LimitScope, prepareLimitScope } from '../limit/scope.ts';
import { prepareTenant, tenantScope } from '../limit/tenant.ts';
import type { LimitStep } from './trace.ts';

export interface PreparedLimits {
  steps(facts: CallFacts): readonly LimitStep[];
  /** By exposed tool name. */
  readonly bounds: (tool: string | undefined) => Bounds;
}

type KeyedNode = CountingLimitNode | ConcurrencyLimitNode;

interface PreparedCount {
  readonly node: KeyedNode;
  readonly scope: LimitScope;
  readonly tenant?: string;
  /** Each part of the key by itself. */
  readonly parts: readonly { readonly expression: string; readonly scope: LimitScope }[];
}

const prepareCount = (node: KeyedNode): PreparedCount => ({
  node,
  scope: prepareLimitScope(node),
  parts: node.key.map((expression) => ({ expression, scope: prepareLimitScope({ key: [expression] }) })),
});

const countStep = ({ node, scope, parts, tenant }: PreparedCount, facts: CallFacts): LimitStep => {
  const { name } = node;
  const cost = scope.cost(facts);
  const applies = cost > 0 && (node.type !== 'concurrency' || !facts.call.method.endsWith('/list'));
  const step = {
    step: 'limit',
    path: ['limits', name],
    name,
    ...(tenant === undefined ? {} : { tenant }),
    applies,
    keys: applies ? parts.map(({ expression, scope: part }) => ({ expression, key: part.key(facts) })) : [],
    passes: true,
  } as const;
  switch (node.type) {
    case 'rate':
      return { ...step, type: 'rate', count: node.count, cost, periodMs: node.periodMs, burst: node.burst };
    case 'quota':
      return { ...step, type: 'quota', count: node.count, cost, windowMs: node.windowMs };
    case 'concurrency': {
      const { max, queue, queueTimeoutMs } = node;
      return { ...step, type: 'concurrency', max, queue, queueTimeoutMs };
    }
  }
};

const boundsStep = (node: BoundsLimitNode, { call }: CallFacts): LimitStep => {
  const { name, tools, callTimeoutMs, callMaxMs, resultBytes } = node;
  const applies = tools === undefined || (call.method === 'tools/call' && compileGlobs(tools)(call.name));
  return {
    step: 'limit',
    path: ['limits', name],
    name,
    type: 'bounds',
    applies,
    ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    ...(callMaxMs === undefined ? {} : { callMaxMs }),
    ...(resultBytes === undefined ? {} : { resultBytes }),
    passes: true,
  };
};

/** Of all tenants, in the order of their names. */
const tenantCounts = ({ tenants = {}, limits }: Graph): readonly PreparedCount[] =>
  Object.values(tenants).flatMap((tenant) => {
    const isOf = prepareTenant(tenant);
    return tenant.limits.flatMap((name) => {
      const node = limits[name]!;
      if (node.type === 'bounds') return [];
      const prepared = prepareCount(node);
      return [{ ...prepared, scope: tenantScope(tenant, isOf, prepared.scope), tenant: tenant.name }];
    });
  });

export const prepareLimits = (server: ServerNode, graph: Graph): PreparedLimits => {
  const nodes = server.limits.map((name) => graph.limits[name]!);
  const counts = new Map(
    nodes.filter((node) => node.type !== 'bounds').map((node) => [node.name, prepareCount(node)]),
  );
  const ofTenants = tenantCounts(graph);
  return {
    steps: (facts) => [
      ...nodes.map((node) =>
        node.type === 'bounds' ? boundsStep(node, facts) : countStep(counts.get(node.name)!, facts),
      ),
      ...ofTenants.map((count) => countStep(count, facts)).filter(({ applies }) => applies),
    ],
    bounds: prepareBounds(nodes.filter((node) => node.type === 'bounds')),
  };
};
