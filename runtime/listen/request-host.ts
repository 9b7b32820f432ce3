import type { WebExchange } from './exchange.ts';

const AUTHORITY = /^https?:\/\/([^/?#]*)/i;

/** Host names have no case (RFC 9110, 4.2.3). */
const areSame = (one: string, other: string): boolean =>
  one === other || one.toLowerCase() === other.toLowerCase();

/**
 * The host that a request is for, as it was sent. Undefined where it is missing, or where the places that may name it
 * (Host, :authority, an absolute target: RFC 9112, 3.2 and RFC 9113, 8.3.1) differ.
 */
export const hostOf = (exchange: WebExchange): string | undefined => {
  const { request } = exchange;
  const { host } = request.headers;
  const authority =
    request.httpVersionMajor === 2
      ? (request.headers[':authority'] as string | undefined)
      : request.url!.startsWith('/')
        ? undefined
        : AUTHORITY.exec(request.url!)?.[1];
  if (authority === undefined) return host;
  return host === undefined || areSame(host, authority) ? authority : undefined;
};
