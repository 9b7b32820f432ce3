/** What every request meets before its route, in the order in which it is cheapest to refuse. */
import * as ANSWERS from '../../policies/answers.ts';
import { forwardedAddress } from '../../policies/listen/client-address.ts';
import { answerError, asGatewayError, type ErrorCode, GatewayError, RPC } from '../errors.ts';
import type { PreparedListener } from '../generation.ts';
import { discardBody } from './body.ts';
import type { WebExchange } from './exchange.ts';
import type { OpenExchange } from './open-exchange.ts';
import { isPreflight, replyPreflight } from './preflight.ts';
import { replyError } from './reply.ts';
import { hostOf } from './request-host.ts';
import { shedAtDoor } from './shedding.ts';
import type { TakeOver } from './upgrade.ts';
import { serveDocument } from './well-known.ts';

const refusal = (code: ErrorCode, status: number, message: string): GatewayError =>
  new GatewayError(code, message, {
    status,
    rpcCode: status === 403 || status === 503 ? RPC.refused : RPC.invalidRequest,
  });

const ADDRESS_REFUSED = answerError(ANSWERS.ADDRESS_REFUSED);
const ADDRESS_UNCLEAR = answerError(ANSWERS.ADDRESS_UNCLEAR);
const HOST_REFUSED = answerError(ANSWERS.HOST_REFUSED);
const HOST_UNCLEAR = answerError(ANSWERS.HOST_UNCLEAR);
const HEADERS_TOO_LARGE = refusal('invalid_request', 431, 'headers are too large');
const ORIGIN_REFUSED = answerError(ANSWERS.ORIGIN_REFUSED);
const NOT_FOUND = answerError(ANSWERS.NOT_FOUND);
const NOT_SERVED = refusal('shutting_down', 503, 'not served here');
const EXPECTATION = refusal('invalid_request', 417, 'expectation not supported');

/** Sets the client's address; refuses where it or the peer's is not admitted. */
const checkAddress = (exchange: OpenExchange, prepared: PreparedListener): GatewayError | undefined => {
  const { connection } = exchange;
  const { addresses } = prepared;
  if (connection.judgedBy !== prepared.addresses) {
    connection.judgedBy = prepared.addresses;
    connection.trusted = addresses.trusts(connection.peer);
    connection.admitted = addresses.admits(connection.peer);
  }
  if (!connection.trusted) return connection.admitted ? undefined : ADDRESS_REFUSED;
  const { headers } = exchange.request;
  const address = forwardedAddress(
    connection.peer,
    headers.forwarded,
    headers['x-forwarded-for'] as string | undefined,
    addresses,
  );
  if (address === undefined) return ADDRESS_UNCLEAR;
  exchange.clientAddress = address;
  return addresses.admits(address) ? undefined : ADDRESS_REFUSED;
};

/** Of these there may be one each; no two are as long. */
const ONCE = [
  'host',
  'mcp-name',
  'mcp-method',
  'content-type',
  'authorization',
  'mcp-session-id',
  'mcp-protocol-version',
];
const LONGEST_ONCE = 20;
const ONCE_BY_LENGTH = Array.from({ length: LONGEST_ONCE + 1 }, (_, length) =>
  ONCE.find((name) => name.length === length),
);
const UNCLEAR: ReadonlyMap<string, GatewayError> = new Map(
  ONCE.map((name) => [
    name,
    name === 'host' ? HOST_UNCLEAR : refusal('invalid_request', 400, `more than one ${name} header`),
  ]),
);

/**
 * Refuses headers that must not come twice, because the first of them counts, or all as one, and a proxy before us may
 * have read the last; and HTTP/2 headers that are too large: Node bounds them only once the client has acknowledged
 * the bound. Over HTTP/1.1 both are seen where they are read.
 */
const checkHeaders = (exchange: WebExchange, maxBytes: number): GatewayError | undefined => {
  const { rawHeaders: raw, repeats } = exchange.request;
  if (repeats === false) return undefined;
  let seen = 0;
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const { length } = name;
    bytes += length + raw[i + 1]!.length;
    if (length > LONGEST_ONCE) continue;
    const once = ONCE_BY_LENGTH[length];
    if (once === undefined || name.toLowerCase() !== once) continue;
    if ((seen & (1 << length)) !== 0) return UNCLEAR.get(once);
    seen |= 1 << length;
  }
  return bytes > maxBytes ? HEADERS_TOO_LARGE : undefined;
};

const admit = (exchange: OpenExchange, prepared: PreparedListener): GatewayError | undefined => {
  const { request } = exchange;
  const refused = checkAddress(exchange, prepared) ?? checkHeaders(exchange, prepared.node.sizes.headerBytes);
  if (refused !== undefined) return refused;
  const host = hostOf(exchange);
  if (host === undefined || host === '') return HOST_UNCLEAR;
  if (!prepared.hosts.admits(host)) return HOST_REFUSED;
  const { origin } = request.headers;
  if (origin !== undefined) {
    const replyHeaders = prepared.origins.replyHeaders(origin);
    if (replyHeaders === undefined) return ORIGIN_REFUSED;
    exchange.replyHeaders = replyHeaders;
  }
  return undefined;
};

const refuse = (exchange: OpenExchange, error: GatewayError): void => {
  replyError(exchange, error);
  discardBody(exchange);
};

/** Takes a request in: refuses it, answers it, or hands it to its route. */
export const enter = (exchange: OpenExchange): void => {
  const prepared = exchange.generation.listener(exchange.listener);
  if (prepared === undefined) {
    refuse(exchange, NOT_SERVED);
    return;
  }
  exchange.replyHeaders = prepared.replyHeaders;
  const refused = admit(exchange, prepared);
  if (refused !== undefined) {
    refuse(exchange, refused);
    return;
  }
  const route = prepared.routes.get(exchange.path);
  if (exchange.request.headers.origin !== undefined && isPreflight(exchange)) {
    replyPreflight(exchange);
  } else if (route !== undefined) {
    const shed = exchange.lifecycle.shedding.sheds ? shedAtDoor(exchange) : undefined;
    if (shed !== undefined) {
      refuse(exchange, shed);
      return;
    }
    try {
      route(exchange);
    } catch (thrown) {
      refuse(exchange, asGatewayError(thrown));
    }
  } else {
    const document = prepared.documents.get(exchange.path);
    if (document === undefined) refuse(exchange, NOT_FOUND);
    else serveDocument(exchange, document);
  }
};

/** Takes in a request for another protocol: refuses it as any other, or hands it to who speaks that. */
export const enterUpgrade = (exchange: OpenExchange, takeOver: TakeOver): void => {
  const prepared = exchange.generation.listener(exchange.listener);
  if (prepared !== undefined) exchange.replyHeaders = prepared.replyHeaders;
  const refused = prepared === undefined ? NOT_SERVED : admit(exchange, prepared);
  const upgrade = prepared?.upgrades.get(exchange.path);
  if (refused !== undefined || upgrade === undefined) {
    replyError(exchange, refused ?? NOT_FOUND);
    return;
  }
  const { shedding } = exchange.lifecycle;
  if (shedding.sheds) {
    replyError(exchange, shedding.refusal());
    return;
  }
  try {
    upgrade.take(exchange, takeOver);
  } catch (thrown) {
    replyError(exchange, asGatewayError(thrown));
  }
};

/** Takes in a request with an `Expect` that is not `100-continue`: refused once it is admitted (RFC 9110, 10.1.1). */
export const enterUnexpected = (exchange: OpenExchange): void => {
  const prepared = exchange.generation.listener(exchange.listener);
  if (prepared !== undefined) exchange.replyHeaders = prepared.replyHeaders;
  refuse(exchange, prepared === undefined ? NOT_SERVED : (admit(exchange, prepared) ?? EXPECTATION));
};
