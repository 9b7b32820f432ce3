/** Artifacts for tests, and ways to damage them. */

import { compile } from '../../../compiler/compile.ts';
import { emitArtifact } from '../../../compiler/emit/artifact.ts';
import { fingerprintNodes, sha256 } from '../../../compiler/lower/fingerprint.ts';
import type { Artifact } from '../../../schema/artifact.ts';
import { canonicalJson } from '../../../schema/canonical-json.ts';
import { compileFixture } from '../fixture.ts';

/** The artifact of a sound fixture. */
export const artifactOf = (fixture: string): string => {
  const { compiled, places } = compileFixture('ok', fixture);
  return emitArtifact({ compiled: compiled!, places: places(), compilerVersion: '0.1.0' });
};

/** Reads an artifact as `gatewright run` does. */
export const readText = (text: string) =>
  compile({ main: 'gateway.artifact.json', read: () => Buffer.from(text) });

interface Loose {
  [key: string]: Loose;
}

/** The artifact as somebody's script would change it. */
export const edited = (text: string, change: (artifact: Loose) => void): string => {
  const artifact = JSON.parse(text) as Loose;
  change(artifact);
  return `${canonicalJson(artifact)}\n`;
};

/** As {@link edited}, with hash and fingerprints made anew, as somebody would who knows the format. */
export const forged = (text: string, change: (graph: Loose) => void): string =>
  edited(text, (loose) => {
    change(loose.graph!);
    const artifact = loose as unknown as { -readonly [K in keyof Artifact]: Artifact[K] };
    artifact.hash = sha256(canonicalJson(artifact.graph));
    try {
      artifact.fingerprints = fingerprintNodes(artifact.graph);
    } catch {
      // Of a graph that is none there are no fingerprints.
    }
  });
