/** A `cel` policy has one condition: `allow` or `deny`. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkCelPolicies: Check = (config, report) => {
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'cel') continue;
    const has = (key: string) => isWritten(config, 'policies', name, key);
    if (has('allow') && has('deny')) {
      const labels = [{ place: keyAt(config, 'policies', name, 'allow'), text: '`allow` is given here' }];
      report('GW3046', keyAt(config, 'policies', name, 'deny'), { name, found: 'both' }, { labels });
    } else if (!has('allow') && !has('deny')) {
      report('GW3046', keyAt(config, 'policies', name), { name, found: 'neither' });
    }
  }
};
