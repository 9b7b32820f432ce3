/** What a policy answers, and the facts it may ask about. */
import type { Principal } from './principal.ts';

/**
 * - `allow`: every policy passed.
 * - `deny`: one did not. `certain` tells that no argument was needed to know, so that the caller learns
 *   nothing but that the target does not exist; otherwise it is told `because`.
 * - `undecided`: a rule needs what is not known yet (a list knows no `args`); counts as listed.
 */
export type Decision =
  | { readonly kind: 'allow' }
  | {
      readonly kind: 'deny';
      /** Name of the policy in the configuration, or `expose`, `features`. */
      readonly policy: string;
      readonly reason: 'denied' | 'error';
      readonly certain: boolean;
      readonly because?: string;
    }
  | { readonly kind: 'undecided'; readonly policy: string };

/** What the configuration says of a server, an upstream or a tool for policies to ask. */
export type Labels = Readonly<Record<string, string>>;

/** MCP's tool annotations as a total record, with the protocol's defaults where the upstream is not honoured. */
export interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** What the protocol assumes of a tool that says nothing (MCP 2026-07-28, schema, ToolAnnotations). */
export const DEFAULT_ANNOTATIONS: ToolAnnotations = Object.freeze({
  title: '',
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
});

/** What is known of an upstream. */
export interface UpstreamFacts {
  readonly name: string;
  readonly labels?: Labels;
}

/** What is known of a tool. */
export interface ToolFacts {
  readonly name: string;
  readonly upstream: string;
  readonly annotations: ToolAnnotations;
  /** Those of its upstream with its own. */
  readonly labels?: Labels;
}

/**
 * What is known of a call when it is decided. Absent fields are unknown (`args` in a list) or do not apply
 * (`tool` of a resources/read); a rule that needs an unknown one is undecided.
 */
export interface CallFacts {
  readonly principal: Principal;
  readonly client: {
    readonly address: string;
    readonly userAgent: string;
    readonly name: string;
    readonly version: string;
    readonly era: 'modern' | 'legacy';
  };
  readonly server: { readonly name: string; readonly labels?: Labels };
  readonly upstream?: UpstreamFacts;
  readonly call: { readonly method: string; readonly name: string; readonly id: string };
  readonly tool?: ToolFacts;
  readonly resource?: { readonly uri: string; readonly mimeType: string };
  readonly prompt?: { readonly name: string };
  /** The call's arguments; absent while they are not known. */
  readonly args?: unknown;
  readonly request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly listener: string;
    readonly path: string;
  };
  readonly nowMs: number;
}
