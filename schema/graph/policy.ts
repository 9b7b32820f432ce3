/** Policies as compiled. */

export interface CelPolicyNode {
  readonly kind: 'policy';
  readonly type: 'cel';
  readonly name: string;
  readonly effect: 'allow' | 'deny';
  /** CEL over the call environment; yields a bool. */
  readonly expression: string;
  readonly because?: string;
}

export interface RbacPermission {
  /** An MCP method, or `*`. */
  readonly method: string;
  /** Globs of exposed names; absent: any. */
  readonly names?: readonly string[];
  /** Globs of URIs; absent: any. */
  readonly uris?: readonly string[];
}

export interface RbacPolicyNode {
  readonly kind: 'policy';
  readonly type: 'rbac';
  readonly name: string;
  /** Every role with the permissions of those it includes. */
  readonly roles: Readonly<Record<string, readonly RbacPermission[]>>;
  readonly bindings: readonly { readonly roles: readonly string[]; readonly when: string }[];
}

export type PolicyNode = CelPolicyNode | RbacPolicyNode;
