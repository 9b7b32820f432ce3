/** Whether an upstream is there, answers as what it is declared, and offers what is locked. */
import type { Graph } from '../../schema/graph/graph.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import type { Lock } from '../../schema/lock/lock.ts';
import type { CommandIo } from '../io.ts';
import { changesOf } from '../lock/difference.ts';
import { offerOf, reasonOf } from '../lock/upstream-offer.ts';
import { failureText, within } from './failure.ts';
import type { OnlineFinding } from './finding.ts';
import { reach } from './reach.ts';

/** With deadlines in place of the configured ones: nobody calls, somebody waits. */
const hasty = ({ retry: _retry, breaker: _breaker, ...node }: UpstreamNode, waitMs: number): UpstreamNode => {
  const longMs = 2 * waitMs;
  const timeouts = {
    connectMs: waitMs,
    firstByteMs: longMs,
    callMs: longMs,
    callMaxMs: longMs,
    listMs: longMs,
    idleMs: longMs,
  };
  return { ...node, timeouts } as UpstreamNode;
};

const reachUpstream = async (node: UpstreamNode, waitMs: number): Promise<OnlineFinding | undefined> => {
  if (node.type === 'stdio') return undefined;
  const isBaseUrl = node.type === 'openapi' && node.endpoints.length === 1;
  const findings = await Promise.all(
    node.endpoints.map((endpoint, at) => {
      const field = isBaseUrl ? ['baseUrl'] : ['endpoints', at];
      return reach(endpoint, node.tls.ca, ['upstreams', node.name, ...field], waitMs);
    }),
  );
  return findings.find((finding) => finding !== undefined);
};

export interface OnlineContext {
  readonly graph: Graph;
  readonly main: string;
  readonly lock: Lock | undefined;
  readonly io: CommandIo;
  /** What one step may take. */
  readonly waitMs: number;
}

/** `node` with its references resolved. A session is opened and closed again, a program started and stopped. */
export const askUpstream = async (
  node: UpstreamNode,
  { graph, main, lock, io, waitMs }: OnlineContext,
): Promise<OnlineFinding | undefined> => {
  const { name } = node;
  const unreached = await reachUpstream(node, waitMs);
  if (unreached !== undefined || node.type === 'openapi') return unreached;
  const asked: Graph = { ...graph, upstreams: { [name]: hasty(node, waitMs) } };
  try {
    const offer = await within(offerOf(asked, name, main, io), 4 * waitMs);
    const locked =
      lock !== undefined && Object.hasOwn(lock.upstreams, name) ? lock.upstreams[name] : undefined;
    const changes = locked === undefined ? 0 : changesOf(locked, offer).length;
    if (changes === 0) return undefined;
    const pinned = graph.pins !== undefined && Object.hasOwn(graph.pins, name);
    return { code: 'GW5007', path: ['upstreams', name], data: { name, changes, pinned } };
  } catch (thrown) {
    const reason = failureText(new Error(reasonOf(thrown)));
    return { code: 'GW5006', path: ['upstreams', name], data: { name, reason } };
  }
};
