/** From `state` to its node. */
import type { StateNode } from '../../schema/graph/graph.ts';
import type { GatewayData } from '../configuration.ts';
import { given, toMs } from './measure.ts';

export const lowerState = (state: GatewayData['state']): StateNode | undefined =>
  state && {
    type: state.type,
    url: state.url,
    ...given('username', state.username),
    ...given('password', state.password),
    prefix: state.prefix!,
    timeoutMs: toMs(state.timeout!),
    onUnavailable: state.onUnavailable!,
  };
