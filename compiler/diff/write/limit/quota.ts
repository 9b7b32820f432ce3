/** `quota` as gateway.yaml says it. */
import type { QuotaLimitNode } from '../../../../schema/graph/limit.ts';
import { quotaText } from '../../../../schema/unit.ts';
import { map, plain, sequence, set, type WrittenMap } from '../../written.ts';
import { writeCost } from './cost.ts';

export const writeQuotaLimit = (node: QuotaLimitNode): WrittenMap =>
  map({
    type: plain(node.type),
    quota: plain(quotaText(node.count, node.windowMs)),
    key: sequence(node.key),
    cost: writeCost(node.cost),
    tools: node.tools && set(node.tools),
  });
