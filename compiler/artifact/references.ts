/** What the references of a graph name. */
import type { References } from '../../schema/artifact.ts';
import { type Graph, isReference } from '../../schema/graph/graph.ts';
import { parseReference } from '../../schema/reference.ts';

/** Names of the environment variables and files that a graph needs when it is served, sorted. */
export const referencesOf = (graph: Graph): References => {
  const env = new Set<string>();
  const files = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!isReference(value)) {
      Object.values(value).forEach(visit);
      return;
    }
    for (const part of parseReference(value.$reference).parts) {
      if (part.kind === 'env') env.add(part.name);
      if (part.kind === 'file') files.add(part.path);
    }
  };
  visit(graph);
  return { env: [...env].sort(), files: [...files].sort() };
};
