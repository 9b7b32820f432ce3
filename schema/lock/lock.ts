/** `gateway.lock`: what upstreams offered when somebody approved of it, whole and hashed. */

/** Its name, beside the main file. */
export const LOCK_FILE = 'gateway.lock';

/** Changes when a field changes its meaning. */
export const LOCK_VERSION = 1;

export const LOCKED_KINDS = ['prompts', 'resourceTemplates', 'tools'] as const;

/** The lists that are locked. */
export type LockedKind = (typeof LOCKED_KINDS)[number];

/** The member of a definition that names it. */
export const LOCKED_KEY: Readonly<Record<LockedKind, 'name' | 'uriTemplate'>> = {
  prompts: 'name',
  resourceTemplates: 'uriTemplate',
  tools: 'name',
};

export interface LockedItem {
  /** Name of a tool or prompt, URI template of a template. */
  readonly name: string;
  /** SHA-256 of the canonical JSON of `definition`, hexadecimal. */
  readonly sha256: string;
  /** As the upstream says it, every member, those too that no revision of MCP knows. */
  readonly definition: Readonly<Record<string, unknown>>;
}

export interface LockedText {
  /** SHA-256 of the text as canonical JSON, hexadecimal. */
  readonly sha256: string;
  readonly text: string;
}

/** What one upstream may offer; lists are sorted by name, names are unique in theirs. */
export interface LockedUpstream extends Readonly<Record<LockedKind, readonly LockedItem[]>> {
  readonly instructions?: LockedText;
}

export interface Lock {
  readonly lockVersion: typeof LOCK_VERSION;
  /** By name of the upstream. */
  readonly upstreams: Readonly<Record<string, LockedUpstream>>;
}
