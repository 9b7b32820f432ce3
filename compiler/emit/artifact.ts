/** From a compiled graph to the file that can be served in place of gateway.yaml. */
import { ARTIFACT_FORMAT_VERSION, type Artifact } from '../../schema/artifact.ts';
import { canonicalJson } from '../../schema/canonical-json.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import { referencesOf } from '../artifact/references.ts';

interface Emitted {
  readonly compiled: CompiledGraph;
  readonly places: Artifact['places'];
  /** Version of the program. */
  readonly compilerVersion: string;
}

/** The text of an artifact: canonical JSON and a line break. Depends on its arguments alone. */
export const emitArtifact = ({ compiled, places, compilerVersion }: Emitted): string => {
  const artifact: Artifact = {
    ...compiled,
    formatVersion: ARTIFACT_FORMAT_VERSION,
    compilerVersion,
    references: referencesOf(compiled.graph),
    places,
  };
  return `${canonicalJson(artifact)}\n`;
};
