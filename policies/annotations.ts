/** What policies see of what a tool says of itself. */
import { DEFAULT_ANNOTATIONS, type ToolAnnotations } from '../schema/decision.ts';

const flag = (value: unknown, fallback: boolean): boolean => (typeof value === 'boolean' ? value : fallback);

/** The annotations of a tool's definition, with the protocol's defaults where it is silent or not believed. */
export const annotationsOf = (
  definition: Readonly<Record<string, unknown>>,
  honoured: boolean,
): ToolAnnotations => {
  const own = definition.annotations;
  if (!honoured || typeof own !== 'object' || own === null) return DEFAULT_ANNOTATIONS;
  const stated = own as Readonly<Record<string, unknown>>;
  return {
    title: typeof stated.title === 'string' ? stated.title : '',
    readOnlyHint: flag(stated.readOnlyHint, DEFAULT_ANNOTATIONS.readOnlyHint),
    destructiveHint: flag(stated.destructiveHint, DEFAULT_ANNOTATIONS.destructiveHint),
    idempotentHint: flag(stated.idempotentHint, DEFAULT_ANNOTATIONS.idempotentHint),
    openWorldHint: flag(stated.openWorldHint, DEFAULT_ANNOTATIONS.openWorldHint),
  };
};
