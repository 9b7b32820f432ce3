/** What `server/discover` and `initialize` say of an upstream. */
import { upstreamError } from './failure.ts';
import type { LegacyOpening, PeerInfo } from './link.ts';
import { isObject, type Message } from './message.ts';

/** The modern revision that is spoken. */
export const MODERN_VERSION = '2026-07-28';

/** Legacy revisions that are accepted from an upstream, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

const UNSUPPORTED_VERSION = -32022;

interface Implementation {
  readonly name: string;
  readonly version: string;
}

/** So much an upstream may say of itself; every client that is told of its server's upstreams pays for it. */
const MAX_PEER_BYTES = 256 * 1024;
const MAX_PEER_DEPTH = 64;

/** The text of a `server/discover` request (MCP 2026-07-28, server/discover). */
export const discoverRequest = (id: number, clientInfo: Implementation): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': clientInfo,
      },
    },
  });

/** The text of an `initialize` request (MCP 2025-11-25, lifecycle). */
export const initializeRequest = (id: number, opening: LegacyOpening): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'initialize',
    params: {
      protocolVersion: opening.protocolVersion,
      capabilities: opening.capabilities,
      clientInfo: opening.clientInfo,
    },
  });

/** The text of `notifications/initialized`. */
export const INITIALIZED = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });

/** What an answer to `server/discover` is evidence of. */
export type Discovered =
  | { readonly kind: 'modern'; readonly peer: PeerInfo }
  /** Modern, but of revisions that are not spoken here. */
  | { readonly kind: 'other-revision'; readonly versions: readonly string[] }
  | { readonly kind: 'legacy' };

/**
 * Only a DiscoverResult, or the modern error for versions, shows the modern era; no other code does. Throws
 * `upstream_protocol` for a DiscoverResult that says too much.
 */
export const readDiscover = (message: Message): Discovered => {
  if (!isObject(message.result)) {
    const versions = refusedVersions(message);
    return versions.some(isModern) ? { kind: 'other-revision', versions } : { kind: 'legacy' };
  }
  const { supportedVersions } = message.result;
  if (!isStrings(supportedVersions) || !supportedVersions.some(isModern)) return { kind: 'legacy' };
  return supportedVersions.includes(MODERN_VERSION)
    ? { kind: 'modern', peer: discoveredPeer(message.result) }
    : { kind: 'other-revision', versions: supportedVersions };
};

/** The versions that an UnsupportedProtocolVersion error names (MCP 2026-07-28, basic, -32022). */
const refusedVersions = (message: Message): readonly string[] => {
  if (!isObject(message.error) || message.error.code !== UNSUPPORTED_VERSION) return [];
  const { data } = message.error;
  return isObject(data) && isStrings(data.supported) ? data.supported : [];
};

/** The peer in an InitializeResult. Throws `upstream_protocol` if it is none, of an unknown revision or too large. */
export const initializedPeer = (message: Message): PeerInfo => {
  const { result } = message;
  if (!isObject(result)) throw upstreamError('upstream_protocol', message.error ?? 'initialize: no result');
  const { protocolVersion } = result;
  if (!LEGACY_VERSIONS.some((version) => version === protocolVersion)) {
    throw upstreamError('upstream_protocol', `initialize: revision ${String(protocolVersion)}`);
  }
  return bounded(protocolVersion as string, result, result.serverInfo);
};

const discoveredPeer = (result: Readonly<Record<string, unknown>>): PeerInfo => {
  const { _meta: meta } = result;
  const serverInfo = isObject(meta) ? meta['io.modelcontextprotocol/serverInfo'] : undefined;
  return bounded(MODERN_VERSION, result, serverInfo);
};

/** What an upstream says of itself. Throws `upstream_protocol` where it is too large or too deep to be passed on. */
const bounded = (
  protocolVersion: string,
  { capabilities, instructions }: Readonly<Record<string, unknown>>,
  serverInfo: unknown,
): PeerInfo => {
  const peer: PeerInfo = {
    protocolVersion,
    capabilities: isObject(capabilities) ? capabilities : {},
    serverInfo: isObject(serverInfo) ? serverInfo : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
  };
  if (isDeeper(peer.capabilities, MAX_PEER_DEPTH) || isDeeper(peer.serverInfo, MAX_PEER_DEPTH))
    throw upstreamError('upstream_protocol', `it says more of itself than ${MAX_PEER_DEPTH} levels`);
  if (Buffer.byteLength(JSON.stringify(peer)) > MAX_PEER_BYTES)
    throw upstreamError('upstream_protocol', `it says more of itself than ${MAX_PEER_BYTES} bytes`);
  return peer;
};

/** Goes no deeper than `levels`, whatever it is given. */
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1)));

/** Names of revisions are dates and compare as text. */
const isModern = (version: string): boolean => version >= MODERN_VERSION;

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
