import { GatewayError, RPC } from '../errors.ts';
import type { Exchange } from '../listen/exchange.ts';

/** Clients come back after a moment, to whoever serves then. */
const RETRY_AFTER_MS = 1000;

/**
 * Why no stream can be opened: the gateway is ending. One that lasts until its client ends it would hold up the end
 * until the deadline.
 */
export const closingRefusal = ({ lifecycle }: Exchange): GatewayError | undefined =>
  lifecycle.closing ? shuttingDown() : undefined;

export const shuttingDown = (): GatewayError =>
  new GatewayError('shutting_down', 'the gateway is shutting down', {
    status: 503,
    rpcCode: RPC.refused,
    retryAfterMs: RETRY_AFTER_MS,
  });
