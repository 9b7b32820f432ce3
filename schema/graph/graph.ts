/**
 * What the compiler emits and the runtime serves: plain frozen data, canonical, without clock or machine paths.
 * Types here describe the graph once references are resolved; in the compiled form any scalar may still be a
 * {@link Reference}.
 */
import type { IdentityNode } from './identity.ts';
import type { LimitNode } from './limit.ts';
import type { BindAddress, ListenerNode } from './listener.ts';
import type { PinNode } from './pin.ts';
import type { PolicyNode } from './policy.ts';
import type { ServerNode } from './server.ts';
import type { TenantNode } from './tenant.ts';
import type { UpstreamNode } from './upstream.ts';

/** Changes when a field changes its meaning. */
export const GRAPH_FORMAT_VERSION = 1;

export interface Graph {
  readonly formatVersion: typeof GRAPH_FORMAT_VERSION;
  readonly name: string;
  readonly profile: 'production' | 'development';
  /** Threads that take traffic; `auto`: as many as there are cores for them. Absent: one. */
  readonly workers?: number | 'auto';
  readonly listeners: Readonly<Record<string, ListenerNode>>;
  readonly identities: Readonly<Record<string, IdentityNode>>;
  readonly servers: Readonly<Record<string, ServerNode>>;
  readonly upstreams: Readonly<Record<string, UpstreamNode>>;
  /** By upstream, of those that are pinned; absent if none is. */
  readonly pins?: Readonly<Record<string, PinNode>>;
  readonly policies: Readonly<Record<string, PolicyNode>>;
  readonly limits: Readonly<Record<string, LimitNode>>;
  /** Absent if there are none. */
  readonly tenants?: Readonly<Record<string, TenantNode>>;
  readonly telemetry: TelemetryNode;
  readonly sealing: SealingNode;
  /** Absent: every process counts for itself. */
  readonly state?: StateNode;
  readonly sessions: SessionsNode;
  /** Absent: as the process finds right. */
  readonly pressure?: PressureNode;
  readonly reload: ReloadNode;
  readonly shutdown: ShutdownNode;
}

export interface TelemetryNode {
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'json' | 'pretty';
    readonly access: boolean;
  };
  readonly metrics: { readonly prometheus: boolean };
}

export interface SealingNode {
  /** Secrets; the first seals, all open. Empty: a key of the process. */
  readonly keys: readonly string[];
}

/** A store that processes share. */
export interface StateNode {
  readonly type: 'valkey';
  /** `redis:` or `rediss:`, without credentials. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** What the names of all keys begin with. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly onUnavailable: 'deny' | 'local';
  readonly peers?: PeersNode;
}

/** Where other processes hand requests to this one. */
export interface PeersNode {
  readonly bind: BindAddress;
  /** `host:port`, an IPv6 address in brackets. */
  readonly advertise: string;
}

export interface SessionsNode {
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly max: number;
  readonly maxPerPrincipal: number;
  readonly parked: ParkedNode;
  /** Absent: the defaults of the language. */
  readonly subscriptions?: SubscriptionsNode;
}

/** Bounds of `subscriptions/listen` streams that are open. */
export interface SubscriptionsNode {
  readonly max: number;
  readonly maxPerPrincipal: number;
}

/** Bounds of calls that wait for their client's input. */
export interface ParkedNode {
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly max: number;
  readonly maxPerPrincipal: number;
}

/** When new work is refused. */
export interface PressureNode {
  /** What the process may have in memory. Absent: a part of what there is. */
  readonly memoryBytes?: number;
  /** How late the timers of a thread may be. Absent: the default of the language. */
  readonly eventLoopDelayMs?: number;
}

export interface ReloadNode {
  readonly watch: boolean;
  readonly drain: { readonly windowMs: number; readonly deadlineMs: number };
  /** What becomes of open streams whose rules change. Absent: they are judged again at the swap. */
  readonly onPolicyChange?: 'drain' | 'keep';
  readonly maxGenerations: number;
}

export interface ShutdownNode {
  readonly windowMs: number;
  readonly deadlineMs: number;
}

/** `kind:name` of a node, e.g. `upstream:github`. */
export type NodeId =
  `${'listener' | 'identity' | 'server' | 'upstream' | 'pin' | 'policy' | 'limit'}:${string}`;

/** The result of a compile without errors. */
export interface CompiledGraph {
  /** SHA-256 of the canonical JSON of `graph`, hexadecimal: the artifact hash. */
  readonly hash: string;
  readonly graph: Graph;
  /** SHA-256 of each node with all that it refers to. */
  readonly fingerprints: Readonly<Record<NodeId, string>>;
  /** Every file that was read, relative to the main file's folder, with its SHA-256. */
  readonly sources: readonly { readonly path: string; readonly sha256: string }[];
}

/**
 * Stands for a scalar that is known only when a generation is prepared. `text` is the scalar as written, with its
 * `${env:…}` and `${file:…}` inside; `as` says what the resolved text is converted to.
 */
export interface Reference {
  readonly $reference: string;
  /** The field of gateway.yaml that it stands in, without positions in lists: `upstreams.hub.credentials.token`. */
  readonly path: string;
  readonly as: 'string' | 'duration' | 'size' | 'integer' | 'boolean' | 'http-url';
  /** Bounds of an integer. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Bound of a text, in bytes of UTF-8. */
  readonly minBytes?: number;
}

/** Whether a value of a compiled graph is a {@link Reference}. */
export const isReference = (value: unknown): value is Reference =>
  typeof value === 'object' && value !== null && '$reference' in value;
