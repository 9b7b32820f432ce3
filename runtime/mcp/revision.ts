/** Protocol revisions and the names that messages use. */

/** The first revision without sessions (MCP 2026-07-28, basic/versioning). */
export const MODERN_VERSION = '2026-07-28';
/** The first revision; it is offered where sessions need no streamable HTTP, which came after it. */
export const FIRST_VERSION = '2024-11-05';
/** The newest revision with initialize. */
export const LATEST_LEGACY_VERSION = '2025-11-25';

/** Revision strings order as text; any at or after 2026-07-28 is of the modern era, known or not. */
export const isModernVersion = (version: string): boolean => version >= MODERN_VERSION;

/** Legacy revisions that a client may speak, oldest first. */
export const LEGACY_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;

/** The revision that brought what older clients do not know (changelogs of MCP 2025-03-26 to 2025-11-25). */
export const SINCE = {
  audio: '2025-03-26',
  toolAnnotations: '2025-03-26',
  completions: '2025-03-26',
  progressMessage: '2025-03-26',
  structuredContent: '2025-06-18',
  resourceLinks: '2025-06-18',
  titles: '2025-06-18',
  elicitation: '2025-06-18',
  icons: '2025-11-25',
  urlElicitation: '2025-11-25',
  richForms: '2025-11-25',
  samplingTools: '2025-11-25',
  toolExecution: '2025-11-25',
} as const;

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
