/** Security headers of a listener: the final list. */
import type { ListenerNode } from '../../schema/graph/listener.ts';
import type { GatewayData } from '../configuration.ts';
import { toMs } from './measure.ts';

type ResponseHeaders = NonNullable<GatewayData['listeners'][string]['headers']>;

/** The header that each option sets. */
export const HEADER_NAMES = {
  contentTypeOptions: 'x-content-type-options',
  frameOptions: 'x-frame-options',
  downloadOptions: 'x-download-options',
  contentSecurityPolicy: 'content-security-policy',
  hsts: 'strict-transport-security',
  referrerPolicy: 'referrer-policy',
  permissionsPolicy: 'permissions-policy',
  crossOriginOpenerPolicy: 'cross-origin-opener-policy',
  crossOriginResourcePolicy: 'cross-origin-resource-policy',
  crossOriginEmbedderPolicy: 'cross-origin-embedder-policy',
  originAgentCluster: 'origin-agent-cluster',
  permittedCrossDomainPolicies: 'x-permitted-cross-domain-policies',
  dnsPrefetchControl: 'x-dns-prefetch-control',
  xssProtection: 'x-xss-protection',
  cacheControl: 'cache-control',
} as const;

type Option = keyof typeof HEADER_NAMES;

const headerValue = (headers: ResponseHeaders, option: Option): string | undefined => {
  const value = headers[option];
  if (value === false || value === undefined) return undefined;
  if (option !== 'hsts') return value as string;
  const { maxAge, includeSubDomains, preload } = headers.hsts as Exclude<
    ResponseHeaders['hsts'],
    false | undefined
  >;
  const seconds = Math.floor(toMs(maxAge!) / 1000);
  return `max-age=${seconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
};

/** Names in lower case with their values, sorted; Strict-Transport-Security only where callers use https. */
export const lowerResponseHeaders = (
  headers: ResponseHeaders,
  isWritten: (option: Option) => boolean,
  secure: boolean,
): ListenerNode['headers'] =>
  (Object.keys(HEADER_NAMES) as Option[])
    .filter((option) => headers.preset === 'strict' || isWritten(option))
    .filter((option) => secure || option !== 'hsts')
    .flatMap((option) => {
      const value = headerValue(headers, option);
      return value === undefined ? [] : [[HEADER_NAMES[option], value] as const];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
