/** A graph as it is before its references are resolved, made whole with what can be assumed of them. */
import { type Graph, isReference, type Reference } from '../../schema/graph/graph.ts';
import { parseReference } from '../../schema/reference.ts';
import { durationMs, sizeBytes } from '../../schema/unit.ts';

/** The text that it comes to if no variable of the environment is set; undefined if that is no text. */
const fallbackOf = ({ $reference }: Reference): string | undefined => {
  const { parts } = parseReference($reference);
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'env' && part.fallback !== undefined) text += part.fallback;
    else return undefined;
  }
  return text;
};

const assumed = (reference: Reference): unknown => {
  const fallback = fallbackOf(reference);
  switch (reference.as) {
    case 'duration':
      return (fallback && durationMs(fallback)) ?? 0;
    case 'size':
      return (fallback && sizeBytes(fallback)) ?? 0;
    case 'integer':
      return Number(fallback ?? 0);
    case 'boolean':
      return fallback === 'true';
    default:
      return fallback ?? reference.$reference;
  }
};

const replace = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (isReference(value)) return assumed(value);
  if (Array.isArray(value)) return value.map(replace);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replace(child)]));
};

/**
 * Each reference gives way to its default; without one a text stands as it is written, and a number is 0: known only
 * once the gateway runs.
 */
export const assumeReferences = (graph: Graph): Graph => replace(graph) as Graph;
