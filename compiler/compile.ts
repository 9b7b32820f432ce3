/** The whole pipeline: text in, graph and findings out. Pure: the host hands in the bytes of files. */
import type { Artifact } from '../schema/artifact.ts';
import { canonicalJson } from '../schema/canonical-json.ts';
import type { Diagnostic, Span } from '../schema/diagnostic.ts';
import type { CompiledGraph, Graph } from '../schema/graph/graph.ts';
import type { Lock } from '../schema/lock/lock.ts';
import { openArtifact } from './artifact/open-artifact.ts';
import { placesOf } from './artifact/places.ts';
import { isArtifact } from './artifact/read-artifact.ts';
import { isTrusted } from './artifact/signature.ts';
import type { VerifyingKey } from './artifact/signing-key.ts';
import { CHECKS } from './check/check.ts';
import { checkExpressions } from './check/expressions.ts';
import { checkLock } from './check/lock/lock.ts';
import { compose } from './compose/compose.ts';
import type { OverlayTrace } from './compose/laying.ts';
import type { Configuration } from './configuration.ts';
import { createFindings, type Findings } from './diagnostics/findings.ts';
import { sortDiagnostics } from './diagnostics/sort.ts';
import { readInputs } from './input/inputs.ts';
import { fingerprintNodes, sha256 } from './lower/fingerprint.ts';
import { lower } from './lower/lower.ts';
import { parse } from './parse/parse.ts';
import { judgePosture } from './posture/posture.ts';
import { settle } from './settle.ts';
import { type Files, openFiles, type SourceRead } from './source/files.ts';
import { type SourceFile, spanOf } from './source/source-file.ts';
import { keyPlaceAt, type Path, type SourceMap, valueAt } from './source/tree.ts';

export interface CompileInput {
  /** Path of the configuration; files that it names are relative to its folder. */
  readonly main: string;
  /** Bytes of a file, undefined if it cannot be read. Asked once per path; must not throw. */
  readonly read: (path: string) => Uint8Array | undefined;
  /** Of a file that could not be read: why, as `it does not exist`, where that is known. */
  readonly whyUnread?: (path: string) => string | undefined;
  /**
   * Names of what is in a folder, in any order, those of folders with a `/` behind; undefined if it cannot be listed.
   * Asked once per folder that a glob names; must not throw.
   */
  readonly list?: (folder: string) => readonly string[] | undefined;
  /** Files laid over the configuration, the later over the earlier. */
  readonly overlays?: readonly string[];
  /** If given, only an artifact is read, and only if one of these keys has signed it. */
  readonly trust?: readonly VerifyingKey[];
  /** The lock is about to be written: what it says now is not asked for. */
  readonly isLocking?: boolean;
  /** Called between the steps of a compile, for whoever has more urgent things to do; must not throw. */
  readonly onStep?: (() => void) | undefined;
}

export interface CompileResult {
  /** Absent if there was an error. */
  readonly compiled: CompiledGraph | undefined;
  /** Sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file and folder asked for, found or not: what to watch, also after a compile that failed. */
  readonly sources: readonly SourceRead[];
  /** Where what stands at a path of the configuration is written: its key, or the value of an item of a list. */
  readonly placeOf: (path: Path) => Span | undefined;
  /** All of these places, as an artifact carries them. */
  readonly places: () => Artifact['places'];
  /** What the files say together; absent where they could not be read, and for an artifact. */
  readonly composed?:
    | { readonly config: Configuration; readonly trace: OverlayTrace; readonly texts: readonly SourceFile[] }
    | undefined;
  /** What was approved of at the upstreams; absent without a lock that can be believed. */
  readonly lock?: Lock | undefined;
}

/** What comes of the main file, whatever it is. */
type Compiled = Pick<CompileResult, 'compiled' | 'placeOf' | 'places' | 'lock' | 'composed'>;

const NOTHING: Compiled = { compiled: undefined, placeOf: () => undefined, places: () => ({}) };

const seal = (graph: Graph, files: Files): CompiledGraph => ({
  hash: sha256(canonicalJson(graph)),
  graph,
  fingerprints: fingerprintNodes(graph),
  sources: files
    .reads()
    .flatMap(({ path, sha256: hash }) =>
      hash === undefined ? [] : [{ path: files.relative(path), sha256: hash }],
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1)),
});

const placeIn = (tree: SourceMap | undefined) => (path: Path) => {
  const place = tree && (keyPlaceAt(tree, path) ?? valueAt(tree, path)?.place);
  return place && spanOf(place);
};

const compileConfiguration = (input: CompileInput, files: Files, findings: Findings): Compiled => {
  const { report } = findings;
  const { onStep = () => undefined } = input;
  const { tree, texts, trace } = compose(input, files, report);
  onStep();
  const config = tree && parse(tree, report);
  onStep();
  let compiled: CompiledGraph | undefined;
  let lock: Lock | undefined;
  if (config) {
    const inputs = readInputs(config, files, report, input.isLocking ?? false);
    lock = inputs.lock;
    onStep();
    for (const check of CHECKS) {
      check(config, report);
      onStep();
    }
    checkExpressions(config, inputs, report);
    if (input.isLocking !== true) checkLock(config, inputs, report);
    onStep();
    judgePosture(config, inputs, report);
    settle(config, texts, findings);
    onStep();
    const graph = findings.hasErrors() ? undefined : lower(config, inputs);
    onStep();
    if (graph) compiled = seal(graph, files);
  }
  const places = () => (tree ? placesOf(tree, files.relative) : {});
  return { compiled, placeOf: placeIn(tree), places, lock, composed: config && { config, trace, texts } };
};

const readMain = (input: CompileInput, files: Files, findings: Findings): Compiled => {
  const { main, trust } = input;
  const bytes = files.open(main);
  if (bytes && trust && !isTrusted(main, bytes, files, trust, findings.report)) return NOTHING;
  return bytes && isArtifact(bytes)
    ? openArtifact(input, bytes, findings.report)
    : compileConfiguration(input, files, findings);
};

/** Compiles a configuration, or reads one that was compiled. Never throws for what a file holds. */
export const compile = (input: CompileInput): CompileResult => {
  const files = openFiles(input);
  const findings = createFindings();
  const result = readMain(input, files, findings);
  const sources = files.reads();
  return { ...result, diagnostics: sortDiagnostics(findings.all(), sources), sources };
};
