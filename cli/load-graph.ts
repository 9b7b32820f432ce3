/** From what a user names, a configuration or an artifact, to the graph, for every command that shows or judges one. */
import { type CompileInput, type CompileResult, compile } from '../compiler/compile.ts';
import { gitFiles } from '../runtime/reload/git-files.ts';
import type { Diagnostic } from '../schema/diagnostic.ts';
import type { CompiledGraph } from '../schema/graph/graph.ts';
import { inputAt } from './compile-at.ts';
import type { CommandIo } from './io.ts';
import { DEFAULT_MAIN, type Project } from './project-options.ts';
import { fetchRunning, isRunning } from './running-graph.ts';

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

/** What loading touches of the process: `env` for the token that a running gateway is shown. */
type LoadIo = Pick<CommandIo, 'cwd'> & Partial<Pick<CommandIo, 'env'>>;

const GIT = 'git:';

/** `git:<revision>` or `git:<revision>:<path>`. */
export interface GitSpec {
  readonly revision: string;
  readonly path: string | undefined;
}

/** What a spec names in git, if it is one of git. */
export const gitSpecOf = (spec: string): GitSpec | undefined => {
  if (!spec.startsWith(GIT)) return undefined;
  const rest = spec.slice(GIT.length);
  const colon = rest.indexOf(':');
  return colon < 0
    ? { revision: rest, path: undefined }
    : { revision: rest.slice(0, colon), path: rest.slice(colon + 1) };
};

interface LoadOptions {
  readonly overlays?: Project['overlays'];
  /** Whether a revision may be older than the files that are asked of it. One that it has not got then holds nothing. */
  readonly mayPredate?: boolean;
}

/** The configuration of a revision from before there was any. */
const NOTHING = Buffer.from('version: 1\nlisteners: {}\nservers: {}\nupstreams: {}\n');

const inputAtRevision = (
  { revision, path: main = DEFAULT_MAIN }: GitSpec,
  cwd: string,
  { overlays = [], mayPredate = false }: LoadOptions,
): CompileInput => {
  const files = gitFiles(revision, cwd);
  if (!mayPredate) return { main, overlays, ...files };
  if (files.read(main) === undefined)
    return { main, overlays: [], read: (path) => (path === main ? NOTHING : undefined) };
  return { main, overlays: overlays.filter((path) => files.read(path) !== undefined), ...files };
};

const inputOf = async (
  spec: string,
  { cwd, env = {} }: LoadIo,
  options: LoadOptions,
): Promise<CompileInput> => {
  if (isRunning(spec)) {
    const bytes = await fetchRunning(spec, env.GATEWRIGHT_TOKEN);
    return { main: spec, overlays: [], read: (path) => (path === spec ? bytes : undefined) };
  }
  const inGit = gitSpecOf(spec);
  if (inGit === undefined) return inputAt({ main: spec, overlays: options.overlays ?? [] }, cwd);
  return inputAtRevision(inGit, cwd, options);
};

const textIn =
  ({ read }: CompileInput) =>
  (file: string) => {
    const bytes = read(file);
    return bytes && new TextDecoder().decode(bytes);
  };

/**
 * Loads the graph that `spec` names: a configuration with overlays over it, an artifact, `git:<revision>:<path>`, or a running
 * gateway by the URL of its operations listener. Rejects only for failures of the machine, of git, or of that gateway.
 */
export const loadGraph = async (
  spec: string,
  io: LoadIo,
  options: LoadOptions = {},
): Promise<LoadedGraph | FaultyGraph> => {
  const input = await inputOf(spec, io, options);
  const { compiled, diagnostics, placeOf, lock } = compile(input);
  const textOf = textIn(input);
  return compiled === undefined
    ? { compiled, diagnostics, textOf }
    : { compiled, diagnostics, textOf, placeOf, lock };
};
