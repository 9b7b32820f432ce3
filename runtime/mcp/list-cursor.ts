/**
 * Cursors of lists (MCP 2026-07-28, pagination): where the next page begins, sealed, so that nobody can read one,
 * make one, or use one of somebody else, of another server or of another list.
 */
import type { Call } from './call.ts';

/** What the first page said of how long the list may be kept; the same on all pages. */
export interface CacheHints {
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

export interface ListPlace {
  /** The index of the next item. */
  readonly start: number;
  /** Of all items before it. */
  readonly digest: string;
  readonly hints: CacheHints;
}

const boundTo = ({ exchange, server, client, message }: Call): string[] => [
  exchange.principal.key,
  server.node.name,
  message.method,
  client.era,
];

export const sealCursor = (call: Call, { start, digest, hints }: ListPlace): string =>
  call.server.sealer.seal(
    'cursor',
    boundTo(call),
    JSON.stringify([start, digest, hints.ttlMs, hints.cacheScope]),
  );

/** The place that a cursor of this caller's names; undefined for anything else. */
export const openCursor = (call: Call, cursor: unknown): ListPlace | undefined => {
  if (typeof cursor !== 'string') return undefined;
  const plain = call.server.sealer.open('cursor', boundTo(call), cursor);
  if (plain === undefined) return undefined;
  const [start, digest, ttlMs, cacheScope] = JSON.parse(plain) as [
    number,
    string,
    number,
    CacheHints['cacheScope'],
  ];
  return { start, digest, hints: { ttlMs, cacheScope } };
};
