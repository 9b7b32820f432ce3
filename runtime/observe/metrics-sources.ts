import type { Fill } from '../traffic/fill.ts';
import type { UpstreamState } from '../upstream/link.ts';
import type { LateMs } from './event-loop-lag.ts';

/** What is asked of the other rooms at each scrape. */
export interface MetricsSources {
  upstreams(): Iterable<readonly [name: string, state: UpstreamState]>;
  /** What each pinned upstream offers otherwise than it is locked. */
  pinned(): Iterable<readonly [upstream: string, differences: readonly { readonly kind: string }[]]>;
  /** How full limits are that are counted here, by name. */
  fills(): Readonly<Record<string, Fill>>;
  /** Legacy sessions that are open. */
  sessions(): number;
  /** How long ago the store was asked who is revoked; undefined without one. */
  revocationsAgeMs(): number | undefined;
  /** Of threads beside this one. */
  lags(): readonly LateMs[];
  generations(): { readonly active: number; readonly draining: number };
  /** Requests and streams that each generation holds, by its number. */
  generationRequests(): Iterable<readonly [generation: number, requests: number]>;
}
