/** From what a person asks, by names, to a request that can be traced; or what of it the graph does not have. */
import type { Graph } from '../../schema/graph/graph.ts';
import type { ServerNode } from '../../schema/graph/server.ts';
import type { TracedCaller, TracedRequest, TracedTarget } from './request.ts';

/** Who is asking, by the names of the configuration. */
export type WantedCaller =
  | { readonly kind: 'nobody' }
  /** Without `identity`, the only one of its type that the server has. */
  | {
      readonly kind: 'claims';
      readonly identity: string | undefined;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'key'; readonly identity: string | undefined; readonly id: string }
  | Extract<TracedCaller, { kind: 'principal' }>;

export interface Wanted {
  /** Undefined: the only one there is. */
  readonly server: string | undefined;
  /** Undefined: the server's first place. */
  readonly listener: string | undefined;
  readonly caller: WantedCaller;
  readonly target: TracedTarget;
  /** Undefined: this machine, or nobody's address at a unix socket. */
  readonly from: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
  /** Undefined: the newest that the server speaks. */
  readonly era: 'modern' | 'legacy' | undefined;
}

/** Something that was asked for by a name that there is not. */
export interface Unresolved {
  readonly what: 'server' | 'listener' | 'identity' | 'key';
  /** Undefined: none was named, and there is not exactly one to choose. */
  readonly name: string | undefined;
  readonly known: readonly string[];
}

const isUnresolved = (value: object): value is Unresolved => 'what' in value;

const LOOPBACK = '127.0.0.1';
/** MCP 2026-07-28. */
const FIRST_MODERN = '2026-07-28';

const serverOf = ({ servers }: Graph, name: string | undefined): ServerNode | Unresolved => {
  const known = Object.keys(servers);
  const [only, ...others] = known;
  const chosen = name ?? (others.length === 0 ? only : undefined);
  const node = chosen !== undefined && Object.hasOwn(servers, chosen) ? servers[chosen] : undefined;
  return node ?? { what: 'server', name, known };
};

const placeOf = ({ at }: ServerNode, listener: string | undefined): number | Unresolved => {
  if (listener === undefined) return 0;
  const index = at.findIndex((place) => place.listener === listener);
  const known = [...new Set(at.map((place) => place.listener))];
  return index === -1 ? { what: 'listener', name: listener, known } : index;
};

const callerOf = (graph: Graph, server: ServerNode, wanted: WantedCaller): TracedCaller | Unresolved => {
  if (wanted.kind === 'nobody' || wanted.kind === 'principal') return wanted;
  const type = wanted.kind === 'claims' ? 'jwt' : 'api-key';
  const known = Object.values(graph.identities)
    .filter((node) => node.type === type)
    .map(({ name }) => name);
  const own = server.identities.filter((name) => known.includes(name));
  const [only, ...others] = own.length === 0 ? known : own;
  const identity = wanted.identity ?? (others.length === 0 ? only : undefined);
  if (identity === undefined || !known.includes(identity))
    return { what: 'identity', name: wanted.identity, known };
  if (wanted.kind === 'claims') return { ...wanted, identity };
  const node = graph.identities[identity];
  const ids = node?.type === 'api-key' ? node.keys.map(({ id }) => id) : [];
  return ids.includes(wanted.id) ? { ...wanted, identity } : { what: 'key', name: wanted.id, known: ids };
};

/** The request that is meant. */
export const resolveRequest = (graph: Graph, wanted: Wanted): TracedRequest | Unresolved => {
  const server = serverOf(graph, wanted.server);
  if (isUnresolved(server)) return server;
  const place = placeOf(server, wanted.listener);
  if (typeof place === 'object') return place;
  const caller = callerOf(graph, server, wanted.caller);
  if (isUnresolved(caller)) return caller;
  const isUnix = graph.listeners[server.at[place]!.listener]!.bind.type === 'unix';
  const speaksModern = server.versions.some((version) => version >= FIRST_MODERN);
  return {
    server: server.name,
    place,
    caller,
    target: wanted.target,
    from: wanted.from ?? (isUnix ? '' : LOOPBACK),
    headers: wanted.headers,
    nowMs: wanted.nowMs,
    client: { name: '', version: '', era: wanted.era ?? (speaksModern ? 'modern' : 'legacy') },
  };
};
