/** A request to trace: what a caller would send, and who it would be. */
import type { Principal } from '../../schema/principal.ts';

/**
 * - `nobody`: no credential.
 * - `claims`: a token of an identity with these claims, its signature taken for good.
 * - `key`: an API key of an identity, its secret taken for the right one.
 * - `principal`: somebody who was identified before, as a record tells.
 */
export type TracedCaller =
  | { readonly kind: 'nobody' }
  | {
      readonly kind: 'claims';
      readonly identity: string;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'key'; readonly identity: string; readonly id: string }
  | { readonly kind: 'principal'; readonly principal: Principal };

/** What a list can be of. */
export type TracedList = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** What is asked for. */
export type TracedTarget =
  /** Without `args` they are not known; a call that has none has `{}`. */
  | { readonly kind: 'tool' | 'prompt'; readonly name: string; readonly args?: unknown }
  | { readonly kind: 'resource'; readonly uri: string }
  /** `names` are exposed names to look for besides those that are known to be offered. */
  | { readonly kind: 'list'; readonly list: TracedList; readonly names: readonly string[] };

export interface TracedRequest {
  readonly server: string;
  /** Which of the server's places, by its index in `at`. */
  readonly place: number;
  readonly caller: TracedCaller;
  readonly target: TracedTarget;
  /** The peer of the connection; empty for one of a unix socket. */
  readonly from: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
  readonly client: {
    readonly name: string;
    readonly version: string;
    readonly era: 'modern' | 'legacy';
  };
}
