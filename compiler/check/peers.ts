/** Gateways that hand requests to each other can be reached, and know each other. */
import { bindsOverlap, isWildcardHost, parseBind } from '../address.ts';
import { type Configuration, isSound, isWritten, keyAt, placeAt } from '../configuration.ts';
import type { Report } from '../diagnostics/report.ts';
import type { Check } from './check.ts';

export const checkPeers: Check = (config, report) => {
  const { state, sealing } = config.data;
  if (state?.peers === undefined) return;
  if (isSound(config, 'sealing', 'keys') && sealing?.keys?.length === 0)
    report('GW2060', keyAt(config, 'state', 'peers'), {});
  if (isSound(config, 'state', 'peers', 'bind')) checkBind(config, report, state.peers.bind);
};

const checkBind = (config: Configuration, report: Report, address: string): void => {
  const place = placeAt(config, 'state', 'peers', 'bind');
  const bind = parseBind(address)!;
  if (bind.type === 'unix' || bind.port === 0)
    report('GW2061', place, { address, fault: bind.type === 'unix' ? 'unix' : 'port' });
  else if (isWildcardHost(bind.host) && !isWritten(config, 'state', 'peers', 'advertise'))
    report('GW2061', place, { address, fault: 'wildcard' });
  for (const [listener, { bind: other }] of Object.entries(config.data.listeners))
    if (isSound(config, 'listeners', listener, 'bind') && bindsOverlap(bind, parseBind(other)!))
      report(
        'GW2062',
        place,
        { listener, address },
        {
          labels: [{ place: placeAt(config, 'listeners', listener, 'bind'), text: 'bound here' }],
        },
      );
};
