/**
 * `requestState` as clients see it: sealed, so that it can be shown by its own principal only, on the same server,
 * for the same method and parameters, for a while (MCP 2026-07-28, patterns/mrtr).
 */
import { GatewayError, RPC } from '../../errors.ts';
import { MAX_SEALED_LENGTH } from '../../sealing/sealer.ts';
import { upstreamError } from '../../upstream/failure.ts';
import type { Call } from '../call.ts';
import { paramsDigest } from './params-digest.ts';

export type RequestState =
  /** A call that is open at its upstream, held by the process `owner`. */
  | {
      readonly kind: 'parked';
      readonly upstream: string;
      readonly owner: string;
      readonly handle: string;
    }
  /** A call that its upstream refused until its caller has been to some URL; sent anew each time. */
  | { readonly kind: 'url'; readonly upstream: string; readonly rounds: number; readonly nonce: string }
  /** What a modern upstream gave: the JSON text of its own state. */
  | { readonly kind: 'upstream'; readonly upstream: string; readonly stateText: string };

interface Sealed {
  readonly state: RequestState;
  readonly digest: string;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** What requests are told apart by besides their parameters. */
type StateSource = Pick<Call, 'exchange' | 'server' | 'message'>;

const bound = ({ exchange, server, message }: StateSource): string[] => [
  exchange.principal.key,
  server.node.name,
  message.method,
];

/** Throws `upstream_protocol` for a state that is too large to come back. */
export const sealState = (call: StateSource, state: RequestState, lifetimeMs: number): string => {
  const digest = paramsDigest(call.message);
  const sealed: Sealed = { state, digest, expiresMs: Date.now() + lifetimeMs };
  const text = call.server.sealer.seal('request-state', bound(call), JSON.stringify(sealed));
  if (text.length > MAX_SEALED_LENGTH) throw upstreamError('upstream_protocol', 'a request state too large');
  return text;
};

/** The refusal of a state, whatever is wrong with it: nothing was executed. */
export const stateRefused = (): GatewayError =>
  new GatewayError(
    'state_refused',
    'this request state is not valid, or not any more: send the request anew without it',
    { rpcCode: RPC.invalidParams },
  );

/** What `text` was sealed for, or undefined if it is not this caller's for this request, or has expired. */
export const openState = (call: StateSource, text: unknown): RequestState | undefined => {
  if (typeof text !== 'string') return undefined;
  const opened = call.server.sealer.open('request-state', bound(call), text);
  if (opened === undefined) return undefined;
  const { state, digest, expiresMs } = JSON.parse(opened) as Sealed;
  return expiresMs > Date.now() && digest === paramsDigest(call.message) ? state : undefined;
};
