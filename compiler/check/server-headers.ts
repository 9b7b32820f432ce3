/** What callers tell the gateway is in a header that nothing else is told in. */
import { placeAt } from '../configuration.ts';
import type { Check } from './check.ts';
import { isReserved } from './upstream-headers.ts';

export const checkServerHeaders: Check = (config, report) => {
  for (const [name, server] of Object.entries(config.data.servers)) {
    const header = server.headers!.deadline;
    if (header === undefined || !isReserved(header.toLowerCase())) continue;
    report('GW3210', placeAt(config, 'servers', name, 'headers', 'deadline'), { header });
  }
};
