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
  /** The share of calls that may be attempts after the first, as a ratio. Absent: any. */
  readonly budget?: number;
  readonly hedge?: HedgeNode;
}

/** A call that is not answered `afterMs` after it was sent is sent once more, `max` times at most. */
export interface HedgeNode {
  readonly afterMs: number;
  readonly max: number;
}

/** Which of several endpoints a request goes to. */
export type Balance = 'failover' | 'round-robin' | 'least-requests' | 'hash(principal.id)';

export interface HealthNode {
  readonly everyMs: number;
  /** Failures in a row. */
  readonly unhealthyAfter: number;
  /** What an API is asked for, after its base URL. Absent: the base URL itself. */
  readonly path?: string;
}

/** Where an upstream is, if it is reached over HTTP. */
export interface EndpointsNode {
  /** One at least. */
  readonly endpoints: readonly string[];
  /** Absent where there is one endpoint. */
  readonly balance?: Balance;
  /** Absent: the one endpoint is not looked after. */
  readonly health?: HealthNode;
}

export interface BreakerNode {
  readonly consecutive?: number;
  /** 0 to 1. */
  readonly errorRate?: number;
  readonly windowMs: number;
  readonly minimumCalls: number;
  readonly openForMs: number;
  /** Of silence before a caller gave up. Absent: half of the time of a call. */
  readonly givenUpAfterMs?: number;
  /** CEL over an answer. */
  readonly failWhen?: string;
  /** Absent: the upstream as a whole. */
  readonly per?: 'tool';
}

/** Calls under way at once, and how many more may wait. */
export interface ConcurrencyNode {
  readonly max: number;
  readonly queue: number;
}

interface AnyUpstreamNode {
  readonly kind: 'upstream';
  readonly name: string;
  readonly timeouts: TimeoutsNode;
  readonly retry?: RetryNode;
  readonly breaker?: BreakerNode;
  readonly concurrency?: ConcurrencyNode;
  readonly annotations: 'ignore' | 'honour';
}

export type Era = 'modern' | 'legacy';

export interface HttpUpstreamNode extends AnyUpstreamNode, EndpointsNode {
  readonly type: 'http';
  readonly era: 'match-client' | Era;
  readonly bearerToken?: string;
  readonly headers: {
    /** Names in lower case. */
    readonly forward: readonly string[];
    readonly set: Readonly<Record<string, string>>;
    /** In lower case: what tells how long an attempt may take. */
    readonly deadline?: string;
  };
  readonly tls: { readonly ca?: string };
  readonly connections: number;
  /** Calls that wait for one, at each endpoint and in each thread. Absent: the default of the language. */
  readonly waiting?: number;
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

/** How arguments are written (OpenAPI 3.1, Style Values); `json` where a parameter has `content` instead of a schema. */
export type ParameterStyle =
  | 'simple'
  | 'label'
  | 'matrix'
  | 'form'
  | 'spaceDelimited'
  | 'pipeDelimited'
  | 'deepObject'
  | 'json';

/** An argument of a tool that goes into path, query, headers or cookies. */
export interface OpenApiParameterNode {
  /** Its name in the tool's input schema. */
  readonly argument: string;
  /** Its name in the request. */
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly style: ParameterStyle;
  readonly explode: boolean;
}

/** The argument of a tool that becomes the request's body. */
export interface OpenApiBodyNode {
  readonly argument: string;
  readonly mediaType: string;
  readonly encoding: 'json' | 'form' | 'multipart' | 'text' | 'base64';
  /** Properties of a multipart body whose text is base64 of what is sent. */
  readonly base64Properties: readonly string[];
}

/** One operation: its tool, and the request that a call of it becomes. */
export interface OpenApiOperationNode {
  readonly name: string;
  /** The tool's definition as JSON text (MCP 2026-07-28, Tool): a text, so that nothing in it is taken for a reference. */
  readonly tool: string;
  readonly method: string;
  /** Pieces of the path after the base URL: texts, and indices into `parameters`. */
  readonly path: readonly (string | number)[];
  readonly parameters: readonly OpenApiParameterNode[];
  readonly body?: OpenApiBodyNode;
  /** The value of Accept. */
  readonly accept: string;
  /** Whether the method is idempotent (RFC 9110, section 9.2.2). */
  readonly idempotent: boolean;
}

export type ApiCredentials =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'api-key'; readonly in: 'header' | 'query'; readonly name: string; readonly key: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string };

/** Its endpoints are what paths are appended to; they may end with a slash. */
export interface OpenApiUpstreamNode extends AnyUpstreamNode, EndpointsNode {
  readonly type: 'openapi';
  /** The document's title and version. */
  readonly info: { readonly name: string; readonly version: string };
  readonly operations: readonly OpenApiOperationNode[];
  readonly credentials?: ApiCredentials;
  readonly headers: HttpUpstreamNode['headers'];
  readonly egress: { readonly public: boolean; readonly ranges: readonly string[] };
  readonly tls: { readonly ca?: string };
  readonly connections: number;
  /** Calls that wait for one, at each endpoint and in each thread. Absent: the default of the language. */
  readonly waiting?: number;
}

export type UpstreamNode = HttpUpstreamNode | StdioUpstreamNode | OpenApiUpstreamNode;
