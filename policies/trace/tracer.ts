/** Decides requests as the running gateway would, by the same code, and tells each step. */
import type { CallFacts } from '../../schema/decision.ts';
import type { Graph } from '../../schema/graph/graph.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import type { Principal } from '../../schema/principal.ts';
import { type Answer, answerTo, methodUnknown, targetUnknown } from '../answers.ts';
import { type PreparedPolicies, preparePolicies } from '../decide.ts';
import { admitsMethod, featureOf } from '../features/features.ts';
import { CALLED_BY } from '../target-facts.ts';
import { assumeReferences } from './assume.ts';
import { passIdentity, prepareIdentities } from './caller.ts';
import { hostOf, type PreparedDoor, passDoor, prepareDoor } from './door.ts';
import { type PreparedLimits, prepareLimits } from './limits.ts';
import type { Offers } from './offers.ts';
import type { TracedRequest, TracedTarget } from './request.ts';
import {
  findTarget,
  listTargets,
  type PreparedShare,
  prepareShares,
  unknownShares,
  withTarget,
} from './target.ts';
import type {
  ExposeStep,
  ListedItem,
  RouteStep,
  Trace,
  TraceStep,
  TraceVerdict,
  UpstreamStep,
} from './trace.ts';

interface TracedServer {
  readonly node: ServerNode;
  readonly shares: readonly PreparedShare[];
  readonly policies: PreparedPolicies;
  readonly limits: PreparedLimits;
}

/** Traces requests on one graph. The server and the place of a request must exist. */
export type Tracer = (request: TracedRequest) => Trace;

const LIST_METHOD = {
  tools: 'tools/list',
  prompts: 'prompts/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
} as const;

const methodOf = (target: TracedTarget): string => {
  if (target.kind === 'list') return LIST_METHOD[target.list];
  return CALLED_BY[target.kind === 'tool' ? 'tools' : target.kind === 'prompt' ? 'prompts' : 'resources'];
};

const nameOf = (target: TracedTarget): string => {
  if (target.kind === 'list') return '';
  return target.kind === 'resource' ? target.uri : target.name;
};

/** As the gateway hands them to policies: without credentials. */
const visibleHeaders = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie'),
  );

const argsOf = (target: TracedTarget): unknown => {
  if (target.kind === 'list') return undefined;
  return target.kind === 'resource' ? {} : target.args;
};

const callFacts = (
  request: TracedRequest,
  server: ServerNode,
  principal: Principal,
  address: string,
  at: ServerNode['at'][number],
  host: string,
): CallFacts => ({
  principal,
  client: { address, userAgent: request.headers['user-agent'] ?? '', ...request.client },
  server,
  call: { method: methodOf(request.target), name: nameOf(request.target), id: '1' },
  args: argsOf(request.target),
  request: { headers: visibleHeaders({ host, ...request.headers }), listener: at.listener, path: at.path },
  nowMs: request.nowMs,
});

const refused = (by: string, answer: Answer, because?: string): TraceVerdict => ({
  kind: 'refused',
  by,
  ...(because === undefined ? {} : { because }),
  answer,
});

const ALLOWED: TraceVerdict = Object.freeze({ kind: 'allowed' });

const upstreamStep = (graph: Graph, server: TracedServer, step: ExposeStep): UpstreamStep => {
  const node = graph.upstreams[step.upstream!]!;
  const bounds = server.limits.bounds(step.kind === 'tool' ? step.name : undefined);
  const { timeoutMs = Number.POSITIVE_INFINITY, maxTimeoutMs = Number.POSITIVE_INFINITY } = bounds;
  return {
    step: 'upstream',
    path: ['upstreams', node.name],
    name: node.name,
    type: node.type,
    upstreamName: step.tried.find(({ upstream, upstreamName }) => upstream === node.name && upstreamName)!
      .upstreamName!,
    timeoutMs: Math.min(node.timeouts.callMs, timeoutMs, maxTimeoutMs),
    bounds,
    passes: true,
  };
};

type Named = Exclude<TracedTarget, { kind: 'list' }>;

const traceCall = (
  graph: Graph,
  server: TracedServer,
  target: Named,
  facts: CallFacts,
  era: 'modern' | 'legacy',
): Trace => {
  const name = nameOf(target);
  const { tried, found } = findTarget(server.shares, target.kind, name);
  const step: ExposeStep = {
    step: 'expose',
    path: found?.share.path ?? ['servers', server.node.name, 'expose'],
    kind: target.kind,
    name,
    tried,
    upstream: found?.share.node.upstream,
    passes: found !== undefined,
  };
  const known = found === undefined ? facts : withTarget(facts, target.kind, name, found);
  const steps: TraceStep[] = [step, ...server.limits.steps(known)];
  const unknown = targetUnknown(target.kind, name, era);
  if (found === undefined) return { steps, verdict: refused('expose', unknown) };
  if (server.node.policies.length > 0) {
    const explanation = server.policies.explain(known);
    const { decision } = explanation;
    if (decision.kind === 'undecided' && known.args === undefined) {
      steps.push({ step: 'policies', explanation, passes: false });
      return { steps, verdict: { kind: 'undecided', by: decision.policy } };
    }
    const answer = answerTo(decision);
    steps.push({ step: 'policies', explanation, passes: answer === undefined });
    if (answer !== undefined && decision.kind !== 'allow') {
      const because = decision.kind === 'deny' ? decision.because : undefined;
      return { steps, verdict: refused(decision.policy, answer === 'unknown' ? unknown : answer, because) };
    }
  }
  return { steps: [...steps, upstreamStep(graph, server, step)], verdict: ALLOWED };
};

const traceList = (
  server: TracedServer,
  target: Extract<TracedTarget, { kind: 'list' }>,
  facts: CallFacts,
  era: 'modern' | 'legacy',
): Trace => {
  const { list, names } = target;
  if (list !== 'tools' && server.shares.every(({ toolsOnly }) => toolsOnly))
    return { steps: server.limits.steps(facts), verdict: refused('expose', methodUnknown(era)) };
  const kind = list === 'tools' ? 'tool' : list === 'prompts' ? 'prompt' : 'resource';
  const items: ListedItem[] = [];
  for (const [name, found] of listTargets(server.shares, list, names)) {
    const called = { ...facts, call: { method: CALLED_BY[list], name, id: '' } };
    const item = { name, upstream: found.share.node.upstream, offered: found.offered };
    if (server.node.policies.length === 0) {
      items.push({ ...item, decision: { kind: 'allow' } });
      continue;
    }
    const { args: _, ...known } = withTarget(called, kind, name, found);
    const explanation = server.policies.explain(known);
    items.push({ ...item, decision: explanation.decision, explanation });
  }
  const step = {
    step: 'list',
    path: ['servers', server.node.name, 'expose'],
    list,
    items,
    unknown: unknownShares(server.shares, list),
    passes: true,
  } as const;
  return { steps: [...server.limits.steps(facts), step], verdict: ALLOWED };
};

const traceTarget = (
  graph: Graph,
  server: TracedServer,
  { target, client: { era } }: TracedRequest,
  facts: CallFacts,
): Trace => {
  const { features } = server.node;
  const method = methodOf(target);
  const feature = featureOf(method);
  const passes = admitsMethod(features, method);
  const steps: TraceStep[] = [];
  if (feature !== undefined)
    steps.push({
      step: 'feature',
      path: ['servers', server.node.name, 'features', feature],
      feature,
      passes,
    });
  if (!passes) return { steps, verdict: refused('features', methodUnknown(era)) };
  const rest =
    target.kind === 'list'
      ? traceList(server, target, facts, era)
      : traceCall(graph, server, target, facts, era);
  return { steps: [...steps, ...rest.steps], verdict: rest.verdict };
};

/** A value that is made when it is first asked for. */
const once = <T>(names: Iterable<string>, make: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  const allowed = new Set(names);
  return (name) => {
    if (!allowed.has(name)) throw new Error(`there is no ${name} in the graph`);
    const value = known.get(name) ?? make(name);
    known.set(name, value);
    return value;
  };
};

/** Prepares tracing. `offers` tell what upstreams offer, as far as it is known. */
export const prepareTracer = (compiled: Graph, offers: Offers): Tracer => {
  const graph = assumeReferences(compiled);
  const identities = prepareIdentities(graph.identities);
  const doorOf = once<PreparedDoor>(Object.keys(graph.listeners), (name) =>
    prepareDoor(graph.listeners[name]!),
  );
  const serverOf = once<TracedServer>(Object.keys(graph.servers), (name) => {
    const node = graph.servers[name]!;
    return {
      node,
      shares: prepareShares(node, graph, offers),
      policies: preparePolicies(node.policies.map((policy) => graph.policies[policy]!)),
      limits: prepareLimits(node, graph),
    };
  });
  return (request) => {
    const server = serverOf(request.server);
    const at = server.node.at[request.place];
    if (at === undefined) throw new Error(`the server ${request.server} has no place ${request.place}`);
    const door = doorOf(at.listener);
    const host = request.headers.host ?? hostOf(door);
    const atDoor = passDoor(door, request);
    if ('verdict' in atDoor) return atDoor;
    const url = `${door.node.url === '' ? `http://${host}` : door.node.url}${at.path}`;
    const route: RouteStep = {
      step: 'route',
      path: ['servers', request.server, 'at', request.place],
      listener: at.listener,
      url,
      server: request.server,
      passes: true,
    };
    const steps = [...atDoor.steps, route];
    const who = passIdentity(server.node, request.caller, identities, url, request.nowMs);
    if ('verdict' in who) return { steps: [...steps, ...who.steps], verdict: who.verdict };
    const facts = callFacts(request, server.node, who.principal, atDoor.address, at, host);
    const rest = traceTarget(graph, server, request, facts);
    return { steps: [...steps, ...who.steps, ...rest.steps], verdict: rest.verdict };
  };
};
