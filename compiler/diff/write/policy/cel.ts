/** `cel` as gateway.yaml says it. */
import type { CelPolicyNode } from '../../../../schema/graph/policy.ts';
import { map, plain, type WrittenMap } from '../../written.ts';

export const writeCelPolicy = (node: CelPolicyNode): WrittenMap =>
  map({
    type: plain(node.type),
    [node.effect]: plain(node.expression),
    because: plain(node.because),
  });
