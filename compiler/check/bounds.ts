/** A `bounds` limit bounds something. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkBounds: Check = (config, report) => {
  for (const [name, limit] of Object.entries(config.data.limits)) {
    const has = (key: string) => isWritten(config, 'limits', name, key);
    if (limit.type !== 'bounds' || has('callTimeout') || has('callMax') || has('resultBytes')) continue;
    report('GW3048', keyAt(config, 'limits', name), { name });
  }
};
