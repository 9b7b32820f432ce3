/** What the words of a trace are made with, from a graph that was loaded. */
import type { LoadedGraph } from '../load-graph.ts';
import type { LineContext } from './step-lines.ts';

export const lineContext = ({
  compiled,
  placeOf,
}: Pick<LoadedGraph, 'compiled' | 'placeOf'>): LineContext => ({
  graph: compiled.graph,
  isWritten: (path) => placeOf(path) !== undefined,
});
