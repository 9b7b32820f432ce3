/** An issuer's keys come from one place. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkJwtKeys: Check = (config, report) => {
  for (const name of Object.keys(config.data.identity)) {
    const has = (key: string) => isWritten(config, 'identity', name, key);
    if (config.data.identity[name]!.type !== 'jwt' || !has('jwks') || !has('jwksFile')) continue;
    report(
      'GW3045',
      keyAt(config, 'identity', name, 'jwksFile'),
      { name },
      { labels: [{ place: keyAt(config, 'identity', name, 'jwks'), text: 'keys are fetched from here' }] },
    );
  }
};
