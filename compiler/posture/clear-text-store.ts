/** GW4022: a store beyond this machine that is reached without TLS. */
import { isLoopbackHost } from '../address.ts';
import type { Check } from '../check/check.ts';
import { isSound, placeAt } from '../configuration.ts';

export const judgeClearTextStore: Check = (config, report) => {
  const url = config.data.state?.url;
  if (url === undefined || !isSound(config, 'state', 'url')) return;
  const host = /^redis:\/\/(\[[^\]]*\]|[^/:]*)/i.exec(url)?.[1];
  if (host === undefined || isLoopbackHost(host)) return;
  report('GW4022', placeAt(config, 'state', 'url'), { url });
};
