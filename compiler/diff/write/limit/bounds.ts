/** `bounds` as gateway.yaml says it. */
import type { BoundsLimitNode } from '../../../../schema/graph/limit.ts';
import { duration, map, plain, set, size, type WrittenMap } from '../../written.ts';

export const writeBoundsLimit = (node: BoundsLimitNode): WrittenMap =>
  map({
    type: plain(node.type),
    callTimeout: duration(node.callTimeoutMs),
    callMax: duration(node.callMaxMs),
    resultBytes: size(node.resultBytes),
    tools: node.tools && set(node.tools),
  });
