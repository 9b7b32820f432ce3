/** Values of security headers must be values of headers. */
import { isReference } from '../../schema/graph/graph.ts';
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkResponseHeaders: Check = (config, report) => {
  for (const [name, { headers }] of Object.entries(config.data.listeners)) {
    for (const [option, value] of Object.entries(headers ?? {})) {
      if (typeof value !== 'string' || isReference(value) || /^[\t\x20-\x7e]*$/.test(value)) continue;
      report('GW3052', placeAt(config, 'listeners', name, 'headers', option), { header: option });
    }
  }
};
