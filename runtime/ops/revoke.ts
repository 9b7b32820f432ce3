/** `POST /-/revoke` and `GET /-/revocations`. */
import { GatewayError, RPC } from '../errors.ts';
import { isJsonContentType } from '../listen/body.ts';
import type { WebExchange } from '../listen/exchange.ts';
import { replyError, replyJson } from '../listen/reply.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { RevokeOutcome } from '../revocation/revoking.ts';
import { FOREVER_MS } from '../state/stored-table.ts';
import type { OpsSource } from './ops-source.ts';

const STATUS: Readonly<Record<RevokeOutcome['result'], number>> = {
  revoked: 200,
  lifted: 200,
  invalid: 400,
  'not revoked': 404,
  'no room': 507,
};

const NOT_JSON = new GatewayError('unsupported_media_type', 'content-type must be application/json', {
  status: 415,
  rpcCode: RPC.invalidRequest,
});

const momentOf = (ms: number): string | undefined =>
  ms === FOREVER_MS ? undefined : new Date(ms).toISOString();

/** A revocation as it is told: `until` is absent if it has no end. */
const told = ({ kind, identity, id, reason, atMs, untilMs }: Revocation): object => ({
  [kind]: id,
  identity,
  at: momentOf(atMs),
  until: momentOf(untilMs),
  reason,
});

/** Answers once it holds here: 200 everywhere, 202 if replicas come to know of it only when the store is back. */
export const serveRevoke = async (exchange: WebExchange, source: OpsSource, body: string): Promise<void> => {
  if (!isJsonContentType(exchange.request.headers['content-type'])) {
    replyError(exchange, NOT_JSON);
    return;
  }
  const { principal, clientAddress } = exchange;
  const by = principal.kind === 'anonymous' ? clientAddress : principal.key;
  const outcome = await source.revoke(body, by);
  exchange.record.outcome = outcome.result;
  const status = outcome.holds === 'here' && source.isReplicated ? 202 : STATUS[outcome.result];
  const { revocation, ...rest } = outcome;
  replyJson(exchange, status, JSON.stringify({ ...rest, ...(revocation && told(revocation)) }));
};

export const serveRevocations = (exchange: WebExchange, source: OpsSource): void => {
  const { isCurrent, revocations } = source.revocations();
  replyJson(exchange, 200, JSON.stringify({ isCurrent, revocations: revocations.map(told) }));
};
