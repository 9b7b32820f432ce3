/** Upstreams as compiled. */

export interface TimeoutsNode {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly callMs: number;
  readonly callMaxMs: number;
  readonly listMs: number;
  readonly idleMs: number;
}

export type RetryCondition = 'connect-error' | 'http-429' | 'http-502' | 'http-503' | 'http-504';

export interface RetryNode {
  readonly maxAttempts: number;
  readonly when: readonly RetryCondition[];
  readonly backoff: { readonly baseMs: number; readonly maxMs: number; readonly jitter: 'full' | 'none' };
  readonly onlyIdempotent: boolean;
}

export interface BreakerNode {
  readonly consecutive?: number;
  /** 0 to 1. */
  readonly errorRate?: number;
  readonly windowMs: number;
  readonly minimumCalls: number;
  readonly openForMs: number;
}

interface AnyUpstreamNode {
  readonly kind: 'upstream';
  readonly name: string;
  readonly timeouts: TimeoutsNode;
  readonly retry?: RetryNode;
  readonly breaker?: BreakerNode;
  readonly annotations: 'ignore' | 'honour';
}

export type Era = 'modern' | 'legacy';

export interface HttpUpstreamNode extends AnyUpstreamNode {
  readonly type: 'http';
  readonly endpoint: string;
  readonly era: 'match-client' | Era;
  readonly bearerToken?: string;
  readonly headers: {
    /** Names in lower case. */
    readonly forward: readonly string[];
    readonly set: Readonly<Record<string, string>>;
  };
  readonly tls: { readonly ca?: string };
  readonly connections: number;
}

export interface StdioUpstreamNode extends AnyUpstreamNode {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the configuration's folder. */
  readonly directory: string;
  readonly isolation: 'shared' | 'per-principal' | 'per-session';
}

export type UpstreamNode = HttpUpstreamNode | StdioUpstreamNode;
