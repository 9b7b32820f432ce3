/** Defaults that count for nothing where they are not written: to print them would say what does not hold. */
import type { GatewayData } from '../configuration.ts';
import type { Path } from '../source/tree.ts';

/** Whether the default at `path` has no effect; written out it would have one. */
export const isIdleDefault = (data: GatewayData, [section, name, ...rest]: Path): boolean => {
  const listener = section === 'listeners' ? data.listeners[String(name)] : undefined;
  if (listener === undefined) return false;
  const [key, option] = rest;
  if (key === 'anonymous') return listener.serve === undefined;
  return (
    key === 'headers' && option !== undefined && option !== 'preset' && listener.headers?.preset === 'none'
  );
};
