/** The paths of one place of a server: the MCP endpoint, and beside it those of the transports that are on. */
import type { RouteNode } from '../schema/graph/listener.ts';

interface Transports {
  readonly legacySse?: boolean;
  readonly websocket?: boolean;
}

/** Paths below `/`, or below the endpoint's own. */
const beside = (endpoint: string, name: string): string =>
  endpoint.endsWith('/') ? endpoint + name : `${endpoint}/${name}`;

/** Each path with what is spoken there, the endpoint itself first. */
export const pathsAt = (
  endpoint: string,
  { legacySse, websocket }: Transports,
): readonly Pick<RouteNode, 'path' | 'speaks'>[] => [
  { path: endpoint, speaks: 'mcp' },
  ...(legacySse === true
    ? [
        { path: beside(endpoint, 'sse'), speaks: 'event-stream' as const },
        { path: beside(endpoint, 'messages'), speaks: 'messages' as const },
      ]
    : []),
  ...(websocket === true ? [{ path: beside(endpoint, 'ws'), speaks: 'websocket' as const }] : []),
];
