/** The operations of a document, and which of them become tools. */
import { compileGlobs } from '../../policies/glob.ts';
import { entriesOf, type JsonObject, memberOf, textOf } from './document.ts';
import type { Located, References } from './reference.ts';

/** Methods in the order in which tools are listed; TRACE would show the caller what the gateway sent. */
const METHODS = ['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const;

export interface Operation {
  /** In capitals. */
  readonly method: string;
  /** The key in `paths`. */
  readonly template: string;
  readonly id: string;
  readonly pathItem: Located<JsonObject>;
  readonly found: Located<JsonObject>;
}

/** An operation that has no `operationId`. */
export type Nameless = Omit<Operation, 'id'>;

/** All operations, in the order of the document. */
export const operationsIn = (
  references: References,
): { readonly named: readonly Operation[]; readonly nameless: readonly Nameless[] } => {
  const named: Operation[] = [];
  const nameless: Nameless[] = [];
  for (const [template, value] of entriesOf(memberOf(references.document.root, 'paths'))) {
    const pathItem = template.startsWith('/')
      ? references.follow({ value, path: ['paths', template] })
      : undefined;
    if (pathItem === undefined) continue;
    for (const method of METHODS) {
      const operation = memberOf(pathItem.value, method);
      const found = references.follow({ value: operation, path: [...pathItem.path, method] });
      if (operation === undefined || found === undefined) continue;
      const id = textOf(found.value, 'operationId');
      const each = { method: method.toUpperCase(), template, pathItem, found };
      if (id === undefined) nameless.push(each);
      else named.push({ ...each, id });
    }
  }
  return { named, nameless };
};

/** Those that one of the patterns matches; all where there are none. */
export const selected = (
  operations: readonly Operation[],
  patterns: readonly string[] | undefined,
): readonly Operation[] => {
  if (patterns === undefined) return operations;
  const matches = compileGlobs(patterns);
  return operations.filter(({ id }) => matches(id));
};

/** A name that every client takes (MCP 2026-07-28, Tool Names). */
export const toolName = (operationId: string): string =>
  operationId.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 128);
