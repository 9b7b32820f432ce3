/** `bounds`: time and size of a single call. */
import type { BoundsLimitNode } from '../../../schema/graph/limit.ts';
import type { GatewayData } from '../../configuration.ts';
import { given, toBytes, toMs } from '../measure.ts';

type BoundsData = Extract<GatewayData['limits'][string], { type: 'bounds' }>;

export const lowerBoundsLimit = (limit: BoundsData, name: string): BoundsLimitNode => ({
  kind: 'limit',
  type: 'bounds',
  name,
  ...given('callTimeoutMs', limit.callTimeout === undefined ? undefined : toMs(limit.callTimeout)),
  ...given('callMaxMs', limit.callMax === undefined ? undefined : toMs(limit.callMax)),
  ...given('resultBytes', limit.resultBytes === undefined ? undefined : toBytes(limit.resultBytes)),
  ...given('tools', limit.tools),
});
