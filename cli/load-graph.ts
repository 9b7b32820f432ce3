/** From what a user names, a configuration or an artifact, to the graph, for every command that shows or judges one. */
import type { CompileResult } from '../compiler/compile.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import type { CompiledGraph } from '../schema/graph/graph.ts';
import { compileAt, readFrom } from './compile-at.ts';
import type { CommandIo } from './io.ts';
import type { Project } from './project-options.ts';

interface Load {
  /** Sorted by place. With a graph these are warnings. */
  readonly diagnostics: readonly Diagnostic[];
  /** Text of a file that a span names; undefined if it is not there to be shown. */
  readonly textOf: (file: string) => string | undefined;
}

/** What was named holds a graph. */
export interface LoadedGraph extends Load {
  readonly compiled: CompiledGraph;
  /** Where a path of the configuration is written. */
  readonly placeOf: CompileResult['placeOf'];
  /** What was approved of at the upstreams, where that is known. */
  readonly lock: CompileResult['lock'];
}

/** There is no graph: `diagnostics` say why. */
export interface FaultyGraph extends Load {
  readonly compiled: undefined;
}

const textIn = (cwd: string) => {
  const read = readFrom(cwd);
  return (file: string) => {
    const bytes = read(file);
    return bytes && new TextDecoder().decode(bytes);
  };
};

/** Loads the graph that `spec` names, with overlays over a configuration. Rejects only for failures of the machine. */
export const loadGraph = async (
  spec: string,
  { cwd }: Pick<CommandIo, 'cwd'>,
  { overlays = [] }: { readonly overlays?: Project['overlays'] } = {},
): Promise<LoadedGraph | FaultyGraph> => {
  const { compiled, diagnostics, placeOf, lock } = compileAt({ main: spec, overlays }, cwd);
  const textOf = textIn(cwd);
  return compiled === undefined
    ? { compiled, diagnostics, textOf }
    : { compiled, diagnostics, textOf, placeOf, lock };
};
