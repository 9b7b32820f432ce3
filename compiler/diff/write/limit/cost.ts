/** `cost` as gateway.yaml says it. */
import type { LimitCost } from '../../../../schema/graph/limit.ts';
import { map, plain, type WrittenMap } from '../../written.ts';

export const writeCost = (cost: LimitCost | undefined): WrittenMap | undefined =>
  cost && map(Object.fromEntries(Object.entries(cost).map(([method, each]) => [method, plain(each)])));
