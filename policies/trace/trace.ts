/** What comes of a traced request: each step in the order of a call, with what decided it. */
import type { Decision } from '../../schema/decision.ts';
import type { Features } from '../../schema/graph/server.ts';
import type { Principal } from '../../schema/principal.ts';
import type { Answer } from '../answers.ts';
import type { DecisionExplanation } from '../explanation.ts';
import type { InvalidReason } from '../identity/verdict.ts';
import type { Bounds } from '../limit/bounds.ts';
import type { TracedList } from './request.ts';

/** Where in the configuration a rule is written: keys and indices from its root. */
export type RulePath = readonly (string | number)[];

/** The listener's rules on addresses. */
export interface AddressStep {
  readonly step: 'address';
  readonly path: RulePath;
  readonly peer: string;
  /** The client's address, where it can be told. */
  readonly client: string | undefined;
  /** Whether the peer is a proxy whose word on the client counts. */
  readonly proxied: boolean;
  /** The range that decided; absent where none is written that has the address. */
  readonly range?: { readonly list: 'allow' | 'deny'; readonly cidr: string };
  readonly passes: boolean;
}

/** The listener's rules on `Host` and `Origin`. */
export interface HeaderStep {
  readonly step: 'host' | 'origin';
  readonly path: RulePath;
  /** As sent; undefined for an origin that was not sent. */
  readonly sent: string | undefined;
  readonly allowed: readonly string[];
  readonly passes: boolean;
}

export interface RouteStep {
  readonly step: 'route';
  readonly path: RulePath;
  readonly listener: string;
  readonly url: string;
  readonly server: string;
  readonly passes: true;
}

/** One identity that was asked about a credential. */
export interface AskedIdentity {
  readonly name: string;
  readonly path: RulePath;
  readonly verdict: 'vouches' | 'forbidden' | InvalidReason;
  /** More about an invalid one, such as the claim that could not be mapped. */
  readonly problem?: string;
}

export interface IdentityStep {
  readonly step: 'identity';
  readonly path: RulePath;
  /** In the order in which they were asked. */
  readonly asked: readonly AskedIdentity[];
  readonly presented: 'nothing' | 'token' | 'key' | 'recorded';
  readonly principal: Principal | undefined;
  readonly passes: boolean;
}

export interface ScopeStep {
  readonly step: 'scopes';
  readonly path: RulePath;
  readonly needed: readonly string[];
  readonly missing: string | undefined;
  readonly passes: boolean;
}

export interface FeatureStep {
  readonly step: 'feature';
  readonly path: RulePath;
  readonly feature: keyof Features;
  readonly passes: boolean;
}

/** How an upstream's share in the server relates to what is asked for. */
export interface TriedExpose {
  readonly upstream: string;
  readonly path: RulePath;
  /** The upstream's own name; absent where nothing that it is exposed with can have the exposed one. */
  readonly upstreamName?: string;
  /** Whether the upstream offers it; `assumed` where nothing tells what it offers. */
  readonly offered: 'yes' | 'no' | 'assumed';
}

export interface ExposeStep {
  readonly step: 'expose';
  readonly path: RulePath;
  readonly kind: 'tool' | 'prompt' | 'resource';
  readonly name: string;
  readonly tried: readonly TriedExpose[];
  readonly upstream: string | undefined;
  readonly passes: boolean;
}

/** One expression of a limit's key and what it is for the call. */
export interface KeyPart {
  readonly expression: string;
  readonly key: string;
}

/** A limit of the server. Nothing is counted by a trace. */
export type LimitStep = {
  readonly step: 'limit';
  readonly path: RulePath;
  readonly name: string;
  /** Whose limit it is, where it is not the server's. */
  readonly tenant?: string;
  readonly applies: boolean;
  readonly passes: true;
} & (
  | {
      readonly type: 'rate';
      readonly count: number;
      readonly periodMs: number;
      readonly burst: number;
      /** What the call takes. */
      readonly cost: number;
      readonly keys: readonly KeyPart[];
    }
  | {
      readonly type: 'quota';
      readonly count: number;
      readonly windowMs: number;
      readonly cost: number;
      readonly keys: readonly KeyPart[];
    }
  | {
      readonly type: 'concurrency';
      readonly max: number;
      readonly queue: number;
      readonly queueTimeoutMs: number;
      readonly keys: readonly KeyPart[];
    }
  | {
      readonly type: 'bounds';
      readonly callTimeoutMs?: number;
      readonly callMaxMs?: number;
      readonly resultBytes?: number;
    }
);

export interface PolicyStep {
  readonly step: 'policies';
  readonly explanation: DecisionExplanation;
  readonly passes: boolean;
}

/** One item of a list. */
export interface ListedItem {
  readonly name: string;
  readonly upstream: string;
  readonly offered: TriedExpose['offered'];
  readonly decision: Decision;
  /** Absent where no policy is listed. */
  readonly explanation?: DecisionExplanation;
}

export interface ListStep {
  readonly step: 'list';
  readonly path: RulePath;
  readonly list: TracedList;
  readonly items: readonly ListedItem[];
  /** Upstreams of which nothing tells all that they offer. */
  readonly unknown: readonly string[];
  readonly passes: true;
}

export interface UpstreamStep {
  readonly step: 'upstream';
  readonly path: RulePath;
  readonly name: string;
  readonly type: string;
  readonly upstreamName: string;
  /** The tightest of the upstream's and all bounds. */
  readonly timeoutMs: number;
  readonly bounds: Bounds;
  readonly passes: true;
}

export type TraceStep =
  | AddressStep
  | HeaderStep
  | RouteStep
  | IdentityStep
  | ScopeStep
  | FeatureStep
  | ExposeStep
  | LimitStep
  | PolicyStep
  | ListStep
  | UpstreamStep;

/**
 * - `undecided`: it hangs on arguments that are not known; `by` names the policy that asks for them.
 * - `allowed`: it goes to its upstream, or the list is told.
 * - `closed`: the connection ends without an answer.
 * - `refused`: the answer is `answer`; `by` names the policy or the step that refused.
 */
export type TraceVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'undecided'; readonly by: string }
  | { readonly kind: 'closed'; readonly by: 'address' }
  | { readonly kind: 'refused'; readonly by: string; readonly because?: string; readonly answer: Answer };

export interface Trace {
  readonly steps: readonly TraceStep[];
  readonly verdict: TraceVerdict;
}
