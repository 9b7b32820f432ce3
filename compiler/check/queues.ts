/** Who may wait for a place, and for how long, go together. */
import { isWritten, keyAt } from '../configuration.ts';
import type { Check } from './check.ts';

export const checkQueues: Check = (config, report) => {
  for (const [name, limit] of Object.entries(config.data.limits)) {
    if (limit.type !== 'concurrency' || (limit.queue ?? 0) > 0) continue;
    if (isWritten(config, 'limits', name, 'queueTimeout'))
      report('GW3174', keyAt(config, 'limits', name, 'queueTimeout'), { limit: name });
  }
};
