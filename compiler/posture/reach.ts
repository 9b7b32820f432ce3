/** Who can reach a listener. */
import { parseBind } from '../address.ts';
import type { GatewayData } from '../configuration.ts';
import { isLoopbackBind } from '../lower/listener.ts';

/** Whether other machines can connect. */
export const isBeyondLoopback = ({ bind }: GatewayData['listeners'][string]): boolean => {
  const parsed = parseBind(bind);
  return parsed !== undefined && !isLoopbackBind(parsed);
};
