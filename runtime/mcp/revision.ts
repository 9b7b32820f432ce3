/** Protocol revisions and the names that messages use. */

/** The first revision without sessions (MCP 2026-07-28, basic/versioning). */
export const MODERN_VERSION = '2026-07-28';
/** The newest revision with initialize. */
export const LATEST_LEGACY_VERSION = '2025-11-25';

/** Revision strings order as text; any at or after 2026-07-28 is of the modern era, known or not. */
export const isModernVersion = (version: string): boolean => version >= MODERN_VERSION;

/** Reserved `_meta` keys (MCP 2026-07-28, basic, _meta). */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** The `_meta` keys of a request that only modern servers understand. */
export const MODERN_REQUEST_META: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientCapabilities,
  META.clientInfo,
  META.logLevel,
]);
