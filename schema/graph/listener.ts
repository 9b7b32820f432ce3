/** A listener as compiled. */

export type BindAddress =
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'unix'; readonly path: string };

/** What an operations listener serves. */
export type OpsService = 'health' | 'metrics' | 'status' | 'reload' | 'revoke';

/**
 * Services that answer whoever asks by address, as probes and Prometheus ask pods, whose addresses no configuration
 * can know. They change nothing; all others want a `Host` that is listed.
 */
export const ASKED_BY_ADDRESS: readonly OpsService[] = ['health', 'metrics'];

export interface ListenerNode {
  readonly kind: 'listener';
  readonly name: string;
  readonly bind: BindAddress;
  /** The origin that callers use, without a trailing slash. With port 0 and no `url`, it is empty: made at bind. */
  readonly url: string;
  readonly http: readonly ('http/1.1' | 'h2')[];
  readonly tls?: {
    /** PEM. */
    readonly certificate: string;
    /** PEM. */
    readonly key: string;
    readonly minVersion: '1.2' | '1.3';
  };
  /** Allowed `Host` values in lower case; one without port admits any port. */
  readonly hosts: readonly string[];
  /** Allowed origins in lower case; one without port of a loopback name admits any port. */
  readonly origins: readonly string[];
  /** Canonical CIDRs. */
  readonly trustedProxies: readonly string[];
  /** Canonical CIDRs; `allow` absent admits all. */
  readonly ip: { readonly allow?: readonly string[]; readonly deny: readonly string[] };
  /** Set on every response: names in lower case, final values, sorted by name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly sizes: {
    readonly bodyBytes: number;
    readonly headerBytes: number;
    readonly jsonDepth: number;
    /** Absent: the default of the language. */
    readonly jsonItems?: number;
    /** Of a string. Absent: the default of the language. */
    readonly jsonLength?: number;
  };
  readonly connections: {
    readonly max: number;
    readonly maxPerAddress: number;
    readonly headerTimeoutMs: number;
    readonly bodyTimeoutMs: number;
    readonly idleTimeoutMs: number;
    /** New TLS connections of one address. Absent: the default of the language. */
    readonly handshakes?: { readonly count: number; readonly periodMs: number };
  };
  /** Path to whole text of each well-known document. */
  readonly documents: Readonly<Record<string, string>>;
  /** Empty: serves MCP by `routes`. Otherwise the operations listener. */
  readonly serve: readonly OpsService[];
  /** Who may use an operations listener; empty: anybody who reaches it. */
  readonly identities: readonly string[];
  /** Sorted by path. */
  readonly routes: readonly RouteNode[];
}

/** What is found at one path. */
export interface RouteNode {
  readonly path: string;
  readonly server: string;
  /**
   * The MCP endpoint; of the transport of 2024-11-05 the stream and where its clients post to; or WebSocket.
   */
  readonly speaks: 'mcp' | 'event-stream' | 'messages' | 'websocket';
  /** The MCP endpoint that it belongs to, itself included: the resource that tokens are for. */
  readonly endpoint: string;
}
