/** `cel` policies whose condition does not hang on the call: they let everything pass, or nothing. */
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';
import { constantOf } from './constant.ts';

export const checkConstantPolicies: Check = (config, report) => {
  for (const [name, policy] of Object.entries(config.data.policies)) {
    if (policy.type !== 'cel') continue;
    const key = policy.allow === undefined ? 'deny' : 'allow';
    const constant = constantOf(policy[key] ?? '');
    if (constant === undefined) continue;
    const passes = constant === (key === 'allow');
    report('GW3092', placeAt(config, 'policies', name, key), { name, passes });
  }
};
