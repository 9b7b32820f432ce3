/** What `gatewright compile` writes and `gatewright run` serves as well as gateway.yaml: a file of canonical JSON. */
import type { CompiledGraph } from './graph/graph.ts';

/** Changes when a member changes its meaning or goes. That of the graph inside has its own. */
export const ARTIFACT_FORMAT_VERSION = 1;

/** Formats that can still be read: this one and the one before. */
export const OLDEST_ARTIFACT_FORMAT_VERSION = Math.max(1, ARTIFACT_FORMAT_VERSION - 1);

/** Same input, same bytes: without clock, and without any path of the machine that it was made on. */
export interface Artifact extends CompiledGraph {
  readonly formatVersion: number;
  /** Version of the program that wrote it. */
  readonly compilerVersion: string;
  /** What must be there when it is served. Names only, sorted. */
  readonly references: References;
  /**
   * Where each key and item of the configuration is written: from its JSON Pointer (RFC 6901), as
   * `/servers/tools/at/0`, to `file:line:column`, the file relative to the main file's folder.
   */
  readonly places: Readonly<Record<string, string>>;
}

/** What the references of a graph name. */
export interface References {
  /** Environment variables. */
  readonly env: readonly string[];
  /** Files that are read when a generation is prepared, as they are written. */
  readonly files: readonly string[];
}
