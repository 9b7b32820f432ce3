/** What replies are made of in tests. */
import { GatewayError, RPC } from '../../../runtime/errors.ts';

export const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{}}';
export const NOTIFICATION = '{"jsonrpc":"2.0","method":"notifications/progress"}';
export const ERROR = new GatewayError('rate_limited', 'too many requests', {
  status: 429,
  rpcCode: RPC.limited,
});
