/** `concurrency` as gateway.yaml says it. */
import type { ConcurrencyLimitNode } from '../../../../schema/graph/limit.ts';
import { duration, map, plain, sequence, set, type WrittenMap } from '../../written.ts';

export const writeConcurrencyLimit = (node: ConcurrencyLimitNode): WrittenMap =>
  map({
    type: plain(node.type),
    max: plain(node.max),
    queue: plain(node.queue),
    queueTimeout: duration(node.queueTimeoutMs),
    key: sequence(node.key),
    tools: node.tools && set(node.tools),
  });
