/** Scopes are of tokens: without a `jwt` identity nobody can have them. */
import { keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkScopes: Check = (config, report) => {
  for (const [name, { oauth, identity }] of Object.entries(config.data.servers)) {
    if (oauth!.scopes!.length === 0) continue;
    const kinds = (identity ?? []).map((each) => config.data.identity[each]?.type);
    if (kinds.some((kind) => kind === undefined || kind === 'jwt')) continue;
    report('GW3053', keyAt(config, 'servers', name, 'oauth', 'scopes'), { name });
  }
};
