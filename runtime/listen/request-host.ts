import type { WebExchange } from './exchange.ts';

const AUTHORITY = /^https?:\/\/([^/?#]*)/i;

/**
 * The host that a request is for. Undefined where it is missing, or where the places that may name it (Host,
 * :authority, an absolute target: RFC 9112, 3.2 and RFC 9113, 8.3.1) differ.
 */
export const hostOf = (exchange: WebExchange): string | undefined => {
  const { request } = exchange;
  const { host } = request.headers;
  const authority =
    request.httpVersionMajor === 2
      ? (request.headers[':authority'] as string | undefined)
      : exchange.path.startsWith('/') || exchange.path === '*'
        ? undefined
        : AUTHORITY.exec(request.url!)?.[1];
  if (authority === undefined) return host;
  return host === undefined || host === authority ? authority : undefined;
};
