import type { WebExchange } from './exchange.ts';
import { replyEmpty } from './reply.ts';

const ALLOWED_HEADERS =
  'content-type, accept, authorization, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id, x-correlation-id';
const PARAMETER_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
const MAX_PARAMETER_HEADERS = 64;

/** The `mcp-param-*` headers among those that a preflight asks for: their names are the tools' own. */
const requestedParameters = (requested: string): readonly string[] =>
  requested
    .split(',', 256)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => PARAMETER_HEADER.test(name))
    .slice(0, MAX_PARAMETER_HEADERS);

/** Whether a request of an allowed origin is a CORS preflight (Fetch standard, 3.2.2). */
export const isPreflight = (exchange: WebExchange): boolean =>
  exchange.request.method === 'OPTIONS' &&
  exchange.request.headers['access-control-request-method'] !== undefined;

/** Answers a preflight whose origin is allowed; the exchange's reply headers name that origin already. */
export const replyPreflight = (exchange: WebExchange): void => {
  const requested = exchange.request.headers['access-control-request-headers'];
  const parameters = requested === undefined ? [] : requestedParameters(requested);
  replyEmpty(exchange, 204, [
    'access-control-allow-methods',
    'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers',
    [ALLOWED_HEADERS, ...parameters].join(', '),
    'access-control-max-age',
    '600',
  ]);
};
