/** From `state` to its node. */
import type { PeersNode, StateNode } from '../../schema/graph/graph.ts';
import { parseBind } from '../address.ts';
import type { GatewayData } from '../configuration.ts';
import { given, toMs } from './measure.ts';

type PeersData = NonNullable<NonNullable<GatewayData['state']>['peers']>;

const lowerPeers = ({ bind, advertise }: PeersData): PeersNode => ({
  bind: parseBind(bind)!,
  advertise: advertise ?? bind,
});

export const lowerState = (state: GatewayData['state']): StateNode | undefined =>
  state && {
    type: state.type,
    url: state.url,
    ...given('username', state.username),
    ...given('password', state.password),
    prefix: state.prefix!,
    timeoutMs: toMs(state.timeout!),
    onUnavailable: state.onUnavailable!,
    ...given('peers', state.peers && lowerPeers(state.peers)),
  };
