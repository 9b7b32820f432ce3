/** Entries of sections that have several kinds. */
import type { Labels } from '../../../schema/decision.ts';
import type { IdentityNode } from '../../../schema/graph/identity.ts';
import type { LimitNode } from '../../../schema/graph/limit.ts';
import type { PolicyNode } from '../../../schema/graph/policy.ts';
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import { map, type WrittenMap } from '../written.ts';
import { writeApiKey } from './identity/api-key.ts';
import { writeJwt } from './identity/jwt.ts';
import { writeLabels } from './labels.ts';
import { writeBoundsLimit } from './limit/bounds.ts';
import { writeRateLimit } from './limit/rate.ts';
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

export const writeUpstream = (node: UpstreamNode, labels: Labels | undefined): WrittenMap =>
  map({ ...writeUpstreamNode(node).entries, labels: writeLabels(labels) });

export const writePolicy = (node: PolicyNode): WrittenMap =>
  node.type === 'cel' ? writeCelPolicy(node) : writeRbacPolicy(node);

export const writeLimit = (node: LimitNode): WrittenMap =>
  node.type === 'rate' ? writeRateLimit(node) : writeBoundsLimit(node);
