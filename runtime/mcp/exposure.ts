/** One upstream's share in a running server. */
import type { PreparedLabels } from '../../policies/expose/labels.ts';
import type { PreparedSelection } from '../../policies/expose/selection.ts';
import type { UpstreamFacts } from '../../schema/decision.ts';
import type { ExposeNode } from '../../schema/graph/server.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import type { Principal } from '../../schema/principal.ts';
import type { Upstream } from '../upstream/link.ts';
import type { BridgedLinks } from './bridge/bridged-links.ts';
import type { Pin } from './pin.ts';

/**
 * What tells apart the processes of a stdio upstream, by its `isolation`. A caller without a session has what its
 * principal has. Other transports make nothing of it.
 */
export const isolationKeyOf = (node: UpstreamNode, principal: Principal, sessionId?: string): string => {
  const isolation = node.type === 'stdio' ? node.isolation : 'per-session';
  switch (isolation) {
    case 'shared':
      return 'shared';
    case 'per-principal':
      return principal.key;
    case 'per-session':
      return sessionId ?? principal.key;
  }
};

export interface Exposure {
  readonly node: ExposeNode;
  readonly upstreamNode: UpstreamNode;
  readonly upstream: Upstream;
  /** Legacy conversations held for modern clients. */
  readonly bridged: BridgedLinks;
  /** What the upstream is held to; absent where it may offer anything. */
  readonly pin?: Pin;
  readonly tools: PreparedSelection;
  readonly prompts: PreparedSelection;
  readonly resources: PreparedSelection;
  readonly labels: PreparedLabels;
  /** What policies see of the upstream; shared by all calls. */
  readonly facts: UpstreamFacts;
  /** Headers of the caller that are passed on, in lower case. */
  readonly forwardHeaders: readonly string[];
}
