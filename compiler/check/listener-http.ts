/** HTTP/2 is offered within TLS only. */
import { isWritten, placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkListenerHttp: Check = (config, report) => {
  for (const [name, { http }] of Object.entries(config.data.listeners)) {
    const index = http!.indexOf('h2');
    if (index < 0 || isWritten(config, 'listeners', name, 'tls')) continue;
    report('GW3043', placeAt(config, 'listeners', name, 'http', index), { name });
  }
};
