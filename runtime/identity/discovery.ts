/** Finds where an issuer publishes its keys. */
import type { Dispatcher } from 'undici';
import { fetchJson } from './fetch-json.ts';

/**
 * The places of an issuer's metadata, in the order of MCP 2026-07-28, authorization: RFC 8414 with the path
 * inserted, OpenID Connect Discovery with the path inserted, OpenID Connect Discovery with the path before.
 */
export const metadataUrls = (issuer: string): readonly string[] => {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const inserted = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
  ];
  return path === '' ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`];
};

const jwksUriOf = (metadata: unknown, issuer: string, url: string): string => {
  const { issuer: named, jwks_uri: jwksUri } = (metadata ?? {}) as Record<string, unknown>;
  if (named !== issuer) throw new Error(`${url}: \`issuer\` is not ${issuer}`);
  if (typeof jwksUri !== 'string') throw new Error(`${url}: no \`jwks_uri\``);
  if (issuer.startsWith('https:') && !jwksUri.startsWith('https:')) {
    throw new Error(`${url}: \`jwks_uri\` is not https`);
  }
  return jwksUri;
};

/**
 * The `jwks_uri` of an issuer. Metadata counts only if its `issuer` is exactly the one asked for (RFC 8414,
 * section 3.3). Rejects with an Error that names each place tried, for the log.
 */
export const discoverJwksUri = async (
  issuer: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<string> => {
  const failures: string[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      return jwksUriOf(await fetchJson(url, dispatcher, signal), issuer, url);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(failures.join('; '));
};
