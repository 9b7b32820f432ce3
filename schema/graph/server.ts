/** A virtual server as compiled. */
import type { Labels } from '../decision.ts';

/** Which items of one kind an upstream contributes, by the upstream's own names. */
export interface Selection {
  /** `*` globs; empty: none. `['*']`: all. */
  readonly allow: readonly string[];
  /** From the upstream's name to the final name. */
  readonly rename: Readonly<Record<string, string>>;
}

export interface ToolLabels {
  readonly tools: string;
  readonly labels: Labels;
}

export interface ExposeNode {
  readonly upstream: string;
  readonly prefix: string;
  readonly tools: Selection;
  readonly prompts: Selection;
  /** By URI. */
  readonly resources: Selection;
  /** Of the upstream: here, so that what a policy asks does not touch its connections. */
  readonly labels?: Labels;
  /** Of its tools, by glob of the upstream's names: each is laid over those before it. */
  readonly toolLabels?: readonly ToolLabels[];
  /** Methods that go to this upstream, by the extension that they belong to. */
  readonly extensions: Readonly<Record<string, readonly string[]>>;
}

export interface Features {
  readonly tools: boolean;
  readonly resources: boolean;
  readonly prompts: boolean;
  readonly completions: boolean;
  readonly logging: boolean;
  readonly sampling: boolean;
  readonly elicitation: boolean;
  readonly roots: boolean;
  readonly tasks: boolean;
}

/** How lists are told. */
export interface ListsNode {
  readonly pageItems: number;
  readonly pageBytes: number;
  /** Whether tools keep `x-mcp-header`. */
  readonly paramHeaders: 'keep' | 'strip';
}

export interface ServerNode {
  readonly kind: 'server';
  readonly name: string;
  readonly at: readonly { readonly listener: string; readonly path: string }[];
  /** Empty only if `anonymous`. */
  readonly identities: readonly string[];
  readonly anonymous: boolean;
  /** Newest first. */
  readonly versions: readonly string[];
  readonly scopes: readonly string[];
  readonly expose: readonly ExposeNode[];
  readonly features: Features;
  readonly lists: ListsNode;
  /** By which callers tell how long they wait, in lower case. */
  readonly deadlineHeader?: string;
  /** Whether results and items are labelled with their upstream. */
  readonly provenance: boolean;
  /** In the order of evaluation. */
  readonly policies: readonly string[];
  readonly limits: readonly string[];
  readonly labels?: Labels;
  readonly instructions?: string;
}
