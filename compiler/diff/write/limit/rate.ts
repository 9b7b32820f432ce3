/** `rate` as gateway.yaml says it. */
import type { RateLimitNode } from '../../../../schema/graph/limit.ts';
import { rateText } from '../../../../schema/unit.ts';
import { map, plain, sequence, set, type WrittenMap } from '../../written.ts';
import { writeCost } from './cost.ts';

export const writeRateLimit = (node: RateLimitNode): WrittenMap =>
  map({
    type: plain(node.type),
    rate: plain(rateText(node.count, node.periodMs)),
    burst: plain(node.burst === node.count ? undefined : node.burst),
    key: sequence(node.key),
    cost: writeCost(node.cost),
    tools: node.tools && set(node.tools),
  });
