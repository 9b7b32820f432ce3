/** What the operations listener tells and starts; supplied by whoever runs the gateway. */

import type { PinDifference } from '../mcp/pin.ts';
import type { TrafficSummary } from '../observe/traffic-summary.ts';
import type { SourceState } from '../reload/elsewhere/elsewhere.ts';
import type { ReloadResult } from '../reload/reload-result.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { RevokeOutcome } from '../revocation/revoking.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { UpstreamState } from '../upstream/link.ts';
import type { LimitState } from '../workers/limit-states.ts';

/** What `/-/status` says of the gateway. Holds no secret. */
export interface OpsStatus {
  readonly version: string;
  /** Of what was compiled. */
  readonly artifactHash: string;
  /** That with keyed digests of resolved values. */
  readonly effectiveHash: string;
  /** `degraded`: what serves is the last good artifact, for the files have had errors since the start. */
  readonly condition: 'good' | 'degraded';
  readonly generation: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The last attempt to reload, whatever came of it; absent before the first. */
  readonly lastReload?: ReloadResult;
  /** Where the configuration comes from; absent if that is a file. */
  readonly source?: SourceState;
  readonly listeners: readonly { readonly name: string; readonly url: string }[];
  /** Threads that take traffic. */
  readonly workers: { readonly wanted: number; readonly running: number };
  /** Why new work is refused, by any thread; empty if it is not. */
  readonly pressure: readonly PressureReason[];
  readonly upstreams: Readonly<Record<string, UpstreamState>>;
  /** By upstream, of those that are pinned: what they offer otherwise than it is locked. */
  readonly pinned: Readonly<Record<string, readonly PinDifference[]>>;
  /** By name, all that count or hold. */
  readonly limits: Readonly<Record<string, LimitState>>;
  /** Open sessions of legacy clients. */
  readonly sessions: number;
}

export interface Readiness {
  /** Whether new work should be sent here. */
  readonly ready: boolean;
  /** Why not, or what is degraded; shown to whoever asks. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface OpsSource {
  /** Asks all threads, so that `status` and `metrics` tell of now. Never rejects. */
  refresh(): Promise<void>;
  status(): OpsStatus;
  /** What `/-/status` says beside that: how calls ended, and where their time went. */
  traffic(): TrafficSummary;
  /** The running graph as an artifact, references unresolved: it holds no value of a secret. */
  graph(): string | undefined;
  ready(): Readiness;
  /** Resolves when the attempt is over; never rejects. */
  reload(): Promise<ReloadResult>;
  /**
   * As `reload`, once no other is under way: undefined, and nothing is loaded, if by then what runs is not admitted.
   */
  reloadOver(admits: (artifactHash: string) => boolean): Promise<ReloadResult | undefined>;
  /** Whether revocations reach other gateways. */
  readonly isReplicated: boolean;
  /** Carries out the order in `body`, given by `by`; resolves when it holds here. */
  revoke(body: string, by: string): Promise<RevokeOutcome>;
  /** What is revoked, the latest first, and whether nothing is missing that was revoked elsewhere. */
  revocations(): { readonly isCurrent: boolean; readonly revocations: readonly Revocation[] };
  /** Prometheus text format 0.0.4. */
  metrics(): string;
}
