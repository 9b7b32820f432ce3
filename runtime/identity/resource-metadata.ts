/** Protected resource metadata (RFC 9728): tells clients which authorization server gives tokens for a server. */
import type { IdentityNode } from '../../schema/graph/identity.ts';
import type { ServerNode } from '../../schema/graph/server.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const metadataPath = (path: string): string => (path === '/' ? WELL_KNOWN : `${WELL_KNOWN}${path}`);

/** Where the metadata of the MCP endpoint at `url`, which has a path, is found (RFC 9728, section 3.1). */
export const resourceMetadataUrl = (url: string): string => {
  const pathStart = url.indexOf('/', url.indexOf('://') + 3);
  return `${url.slice(0, pathStart)}${metadataPath(url.slice(pathStart))}`;
};

/** What the documents of one listener are made of. */
export interface MetadataSources {
  /** The listener's origin, without a trailing slash. */
  readonly url: string;
  readonly routes: readonly { readonly path: string; readonly server: string }[];
  readonly servers: Readonly<Record<string, Pick<ServerNode, 'identities' | 'scopes'>>>;
  readonly identities: Readonly<Record<string, IdentityNode>>;
}

const issuersOf = (sources: MetadataSources, server: string): readonly string[] => {
  const issuers = new Set<string>();
  for (const name of sources.servers[server]?.identities ?? []) {
    const node = sources.identities[name];
    if (node?.type === 'jwt') issuers.add(node.issuer);
  }
  return [...issuers];
};

/**
 * The documents of a listener: path to JSON text, for each route whose server takes tokens of an issuer. Where
 * there is one such route, the root path has its document too, for clients that look only there.
 */
export const resourceMetadataDocuments = (sources: MetadataSources): Map<string, string> => {
  const documents = new Map<string, string>();
  for (const { path, server } of sources.routes) {
    const issuers = issuersOf(sources, server);
    if (issuers.length === 0) continue;
    const scopes = sources.servers[server]?.scopes ?? [];
    const document = {
      resource: `${sources.url}${path}`,
      authorization_servers: issuers,
      ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
      resource_name: server,
    };
    documents.set(metadataPath(path), JSON.stringify(document));
  }
  const [only] = documents.values();
  if (documents.size === 1 && only !== undefined) documents.set(WELL_KNOWN, only);
  return documents;
};
