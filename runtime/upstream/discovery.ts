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

/** Only a DiscoverResult, or the modern error for versions, shows the modern era; no other code does. */
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

/** The peer in an InitializeResult. Throws `upstream_protocol` if it is none, or of an unknown revision. */
export const initializedPeer = (message: Message): PeerInfo => {
  const { result } = message;
  if (!isObject(result)) throw upstreamError('upstream_protocol', message.error ?? 'initialize: no result');
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (!LEGACY_VERSIONS.some((version) => version === protocolVersion)) {
    throw upstreamError('upstream_protocol', `initialize: revision ${String(protocolVersion)}`);
  }
  return {
    protocolVersion: protocolVersion as string,
    capabilities: isObject(capabilities) ? capabilities : {},
    serverInfo: isObject(serverInfo) ? serverInfo : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
  };
};

const discoveredPeer = (result: Readonly<Record<string, unknown>>): PeerInfo => {
  const { capabilities, instructions, _meta: meta } = result;
  const serverInfo = isObject(meta) ? meta['io.modelcontextprotocol/serverInfo'] : undefined;
  return {
    protocolVersion: MODERN_VERSION,
    capabilities: isObject(capabilities) ? capabilities : {},
    serverInfo: isObject(serverInfo) ? serverInfo : {},
    instructions: typeof instructions === 'string' ? instructions : undefined,
  };
};

/** Names of revisions are dates and compare as text. */
const isModern = (version: string): boolean => version >= MODERN_VERSION;

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
