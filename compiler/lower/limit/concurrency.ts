/** `concurrency`: places and queue. */
import type { ConcurrencyLimitNode } from '../../../schema/graph/limit.ts';
import type { GatewayData } from '../../configuration.ts';
import { given, toMs } from '../measure.ts';

type ConcurrencyData = Extract<GatewayData['limits'][string], { type: 'concurrency' }>;

export const lowerConcurrencyLimit = (limit: ConcurrencyData, name: string): ConcurrencyLimitNode => ({
  kind: 'limit',
  type: 'concurrency',
  name,
  max: limit.max,
  queue: limit.queue!,
  queueTimeoutMs: toMs(limit.queueTimeout!),
  key: limit.key!,
  ...given('tools', limit.tools),
});
