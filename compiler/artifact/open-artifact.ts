/** The main file of a compile where it is an artifact: what it holds, in place of what a configuration yields. */
import type { Artifact } from '../../schema/artifact.ts';
import type { Span } from '../../schema/diagnostic.ts';
import type { CompiledGraph } from '../../schema/graph/graph.ts';
import type { Report } from '../diagnostics/report.ts';
import { decode } from '../source/decode.ts';
import type { Path } from '../source/tree.ts';
import { spanIn } from './places.ts';
import { MAX_ARTIFACT_BYTES, readArtifact } from './read-artifact.ts';

interface Opened {
  readonly compiled: CompiledGraph | undefined;
  readonly placeOf: (path: Path) => Span | undefined;
  readonly places: () => Artifact['places'];
}

const NOTHING: Opened = { compiled: undefined, placeOf: () => undefined, places: () => ({}) };

/** The graph and the places of the artifact `main`; nothing may lie over it. */
export const openArtifact = (
  { main, overlays = [] }: { readonly main: string; readonly overlays?: readonly string[] },
  bytes: Uint8Array,
  report: Report,
): Opened => {
  const file = decode(main, bytes, report, MAX_ARTIFACT_BYTES);
  if (!file) return NOTHING;
  if (overlays.length > 0) report('GW6007', { file, start: 0, end: 1 }, {});
  const artifact = readArtifact(file, report);
  if (!artifact || overlays.length > 0) return NOTHING;
  const { hash, graph, fingerprints, sources, places } = artifact;
  return {
    compiled: { hash, graph, fingerprints, sources },
    placeOf: spanIn(places),
    places: () => places,
  };
};
