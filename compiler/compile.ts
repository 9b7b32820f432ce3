/** The whole pipeline: text in, graph and findings out. Pure: the host hands in the bytes of files. */
import type { Diagnostic } from '../schema/diagnostic.ts';
import type { CompiledGraph, Graph } from '../schema/graph/graph.ts';
import { diagnostic, type Report } from './diagnostics/report.ts';
import { sortDiagnostics } from './diagnostics/sort.ts';
import { canonicalJson } from './lower/canonical-json.ts';
import { fingerprintNodes, sha256 } from './lower/fingerprint.ts';
import { lower } from './lower/lower.ts';
import { parse } from './parse/parse.ts';
import { decode } from './source/decode.ts';
import { type Files, openFiles, type SourceRead } from './source/files.ts';
import { readYaml } from './source/read-yaml.ts';
import { sourceFile } from './source/source-file.ts';
import type { SourceMap } from './source/tree.ts';

export interface CompileInput {
  /** Path of the configuration; files that it names are relative to its folder. */
  readonly main: string;
  /** Bytes of a file, undefined if it cannot be read. Asked once per path; must not throw. */
  readonly read: (path: string) => Uint8Array | undefined;
}

export interface CompileResult {
  /** Absent if there was an error. */
  readonly compiled: CompiledGraph | undefined;
  /** Sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file asked for, found or not: what to watch, also after a compile that failed. */
  readonly sources: readonly SourceRead[];
}

const readSource = (files: Files, path: string, report: Report): SourceMap | undefined => {
  const bytes = files.open(path);
  if (!bytes) {
    report('GW0001', { file: sourceFile(path, ''), start: 0, end: 0 }, { path });
    return undefined;
  }
  const file = decode(path, bytes, report);
  return file && readYaml(file, report);
};

const seal = (graph: Graph, files: Files): CompiledGraph => ({
  hash: sha256(canonicalJson(graph)),
  graph,
  fingerprints: fingerprintNodes(graph),
  sources: files.reads().map(({ path, sha256: hash }) => ({ path: files.relative(path), sha256: hash! })),
});

/** Compiles a configuration. Never throws for what a file holds. */
export const compile = ({ main, read }: CompileInput): CompileResult => {
  const files = openFiles(main, read);
  const found: Diagnostic[] = [];
  const report: Report = (code, place, data, extras) => found.push(diagnostic(code, place, data, extras));

  const tree = readSource(files, main, report);
  const config = tree && parse(tree, report);
  const inputs = { keys: new Map(), jwks: new Map() };

  const failed = found.some(({ severity }) => severity === 'error');
  const compiled = config && !failed ? seal(lower(config, inputs), files) : undefined;
  const paths = files.reads().map(({ path }) => path);
  return { compiled, diagnostics: sortDiagnostics(found, paths), sources: files.reads() };
};
