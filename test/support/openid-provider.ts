/** A complete OpenID provider in this process, to take real tokens from: client credentials with a resource. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
// @ts-expect-error the package brings no types
import { Provider } from 'oidc-provider';

/** A running provider. */
export interface OpenidProvider {
  readonly issuer: string;
  /** An access token (RFC 9068) for `resource` (RFC 8707), by the client credentials grant. */
  accessToken(resource: string, scope: string): Promise<string>;
  close(): Promise<void>;
}

const CLIENT = { id: 'agent', secret: 'agent-secret-of-a-test' };

const configurationFor = async (algorithm: string) => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig', kid: 'provider' }] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: algorithm,
      },
    ],
    scopes: ['mcp:read', 'mcp:write'],
    ttl: { ClientCredentials: 300 },
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'mcp:read mcp:write',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
  };
};

/** Starts a provider on a port of its own that signs with `algorithm`. */
export const startOpenidProvider = async (algorithm = 'ES256'): Promise<OpenidProvider> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, await configurationFor(algorithm));
  server.on('request', provider.callback());
  return {
    issuer,
    accessToken: async (resource, scope) => {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
      });
      const body = (await response.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(JSON.stringify(body));
      return body.access_token;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
