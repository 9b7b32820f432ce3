/** GW4015 and GW4016: operations that others can reach. */
import type { Check } from '../check/check.ts';
import { isWritten, keyAt, placeAt } from '../configuration.ts';
import { isBeyondLoopback } from './reach.ts';

export const judgeOperationsListeners: Check = (config, report) => {
  for (const [name, listener] of Object.entries(config.data.listeners)) {
    if (!listener.serve || !isBeyondLoopback(listener) || isWritten(config, 'listeners', name, 'identity'))
      continue;
    const { bind, serve } = listener;
    const guarded = serve.filter((service) => service !== 'health');
    if (!listener.anonymous) {
      if (guarded.length > 0)
        report('GW4015', placeAt(config, 'listeners', name, 'bind'), { listener: name, bind });
    } else if (guarded.length > 0) {
      const services = guarded.map((service) => `\`${service}\``).join(', ');
      report('GW4016', keyAt(config, 'listeners', name, 'anonymous'), { listener: name, services });
    }
  }
};
