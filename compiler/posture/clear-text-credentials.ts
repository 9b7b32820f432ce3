/** GW4021: bearer tokens and keys over http from other machines. */
import type { Check } from '../check/check.ts';
import { type Configuration, isSound, isWritten, placeAt } from '../configuration.ts';
import { isBeyondLoopback } from './reach.ts';

/** Whether a proxy in front speaks TLS with callers. */
const isBehindTls = ({ url, trustedProxies }: Configuration['data']['listeners'][string]): boolean =>
  url !== undefined && /^https:/i.test(url) && (trustedProxies ?? []).length > 0;

const takesCredentials = (config: Configuration, listener: string): boolean =>
  isWritten(config, 'listeners', listener, 'identity') ||
  Object.values(config.data.servers).some(
    ({ at, identity }) => identity !== undefined && at.some((place) => place.listener === listener),
  );

export const judgeClearTextCredentials: Check = (config, report) => {
  for (const [name, listener] of Object.entries(config.data.listeners)) {
    // What is wrong with the listener may be its `tls`.
    if (!isSound(config, 'listeners', name)) continue;
    if (isWritten(config, 'listeners', name, 'tls') || !isBeyondLoopback(listener) || isBehindTls(listener))
      continue;
    if (!takesCredentials(config, name)) continue;
    report('GW4021', placeAt(config, 'listeners', name, 'bind'), { listener: name, bind: listener.bind });
  }
};
