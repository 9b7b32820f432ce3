/** One upstream's share in a running server. */

import type { PreparedSelection } from '../../policies/expose/selection.ts';
import type { ExposeNode } from '../../schema/graph/server.ts';
import type { UpstreamNode } from '../../schema/graph/upstream.ts';
import type { Upstream } from '../upstream/link.ts';
import type { BridgedLinks } from './bridge/bridged-links.ts';

export interface Exposure {
  readonly node: ExposeNode;
  readonly upstreamNode: UpstreamNode;
  readonly upstream: Upstream;
  /** Legacy conversations held for modern clients. */
  readonly bridged: BridgedLinks;
  readonly tools: PreparedSelection;
  readonly prompts: PreparedSelection;
  readonly resources: PreparedSelection;
  /** Headers of the caller that are passed on, in lower case. */
  readonly forwardHeaders: readonly string[];
}
