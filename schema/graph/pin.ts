/** What an upstream with `trust.tools: pinned` may offer, as compiled from the lock. */

export interface PinnedDefinition {
  /** Name of a tool or prompt, URI template of a template. */
  readonly name: string;
  /** SHA-256 of the canonical JSON of the definition, hexadecimal. */
  readonly sha256: string;
  /** The definition as canonical JSON: a text, so that nothing in it is taken for a reference. */
  readonly definition: string;
}

export interface PinNode {
  readonly kind: 'pin';
  /** The upstream's. */
  readonly name: string;
  readonly prompts: readonly PinnedDefinition[];
  readonly resourceTemplates: readonly PinnedDefinition[];
  readonly tools: readonly PinnedDefinition[];
  /** Absent: none may be given. */
  readonly instructions?: { readonly sha256: string; readonly text: string };
}
