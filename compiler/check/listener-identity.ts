/** `identity` and `anonymous` of a listener are for operations listeners, and exclude each other. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkListenerIdentity: Check = (config, report) => {
  for (const [name, { identity, anonymous }] of Object.entries(config.data.listeners)) {
    const owner = `listener \`${name}\``;
    if (!isWritten(config, 'listeners', name, 'serve')) {
      for (const key of ['identity', 'anonymous']) {
        if (!isWritten(config, 'listeners', name, key)) continue;
        report('GW3042', keyAt(config, 'listeners', name, key), { key, name });
      }
    } else if (identity && anonymous) {
      report(
        'GW3041',
        keyAt(config, 'listeners', name, 'anonymous'),
        { owner },
        {
          labels: [
            { place: keyAt(config, 'listeners', name, 'identity'), text: 'identities are asked for here' },
          ],
        },
      );
    }
  }
};
