/** Entries of sections that have several kinds. */
import type { Labels } from '../../../schema/decision.ts';
import type { IdentityNode } from '../../../schema/graph/identity.ts';
import type { LimitNode } from '../../../schema/graph/limit.ts';
import type { PinNode } from '../../../schema/graph/pin.ts';
import type { PolicyNode } from '../../../schema/graph/policy.ts';
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import { map, plain, type WrittenMap } from '../written.ts';
import { writeApiKey } from './identity/api-key.ts';
import { writeJwt } from './identity/jwt.ts';
import { writeLabels } from './labels.ts';
import { writeBoundsLimit } from './limit/bounds.ts';
import { writeConcurrencyLimit } from './limit/concurrency.ts';
import { writeQuotaLimit } from './limit/quota.ts';
import { writeRateLimit } from './limit/rate.ts';
import { writePin } from './pin.ts';
import { writeCelPolicy } from './policy/cel.ts';
import { writeRbacPolicy } from './policy/rbac.ts';
import { writeHttpUpstream } from './upstream/http.ts';
import { writeOpenApiUpstream } from './upstream/openapi.ts';
import { writeStdioUpstream } from './upstream/stdio.ts';

export const writeIdentity = (node: IdentityNode): WrittenMap =>
  node.type === 'jwt' ? writeJwt(node) : writeApiKey(node);

const writeUpstreamNode = (node: UpstreamNode): WrittenMap => {
  switch (node.type) {
    case 'http':
      return writeHttpUpstream(node);
    case 'stdio':
      return writeStdioUpstream(node);
    case 'openapi':
      return writeOpenApiUpstream(node);
  }
};

/** What the graph says of an upstream elsewhere than in its node. */
export interface UpstreamBesides {
  readonly labels: Labels | undefined;
  readonly pin: PinNode | undefined;
}

export const writeUpstream = (node: UpstreamNode, { labels, pin }: UpstreamBesides): WrittenMap => {
  const { trust, ...fields } = writeUpstreamNode(node).entries;
  const annotations = trust?.kind === 'map' ? trust.entries : {};
  return map({
    ...fields,
    trust: map({ tools: plain(pin === undefined ? 'any' : 'pinned'), ...annotations }),
    locked: pin && writePin(pin),
    labels: writeLabels(labels),
  });
};

export const writePolicy = (node: PolicyNode): WrittenMap =>
  node.type === 'cel' ? writeCelPolicy(node) : writeRbacPolicy(node);

export const writeLimit = (node: LimitNode): WrittenMap => {
  switch (node.type) {
    case 'rate':
      return writeRateLimit(node);
    case 'quota':
      return writeQuotaLimit(node);
    case 'concurrency':
      return writeConcurrencyLimit(node);
    case 'bounds':
      return writeBoundsLimit(node);
  }
};
