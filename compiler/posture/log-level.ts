/** GW4019: a log that tells more than production should keep. */
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

export const judgeLogLevel: Check = (config, report) => {
  if (config.data.profile !== 'production' || config.data.telemetry.log?.level !== 'debug') return;
  report('GW4019', placeAt(config, 'telemetry', 'log', 'level'), {});
};
