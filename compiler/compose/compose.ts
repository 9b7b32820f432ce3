/** The configuration as one tree: the main file with its includes, and every overlay with its own over it. */
import type { Report } from '../diagnostics/report.ts';
import { GATEWAY_SCHEMA } from '../parse/schema.ts';
import type { Files } from '../source/files.ts';
import type { SourceFile } from '../source/source-file.ts';
import type { SourceMap } from '../source/tree.ts';
import { readWithIncludes } from './includes.ts';
import type { OverlayTrace } from './laying.ts';
import { layOverlay } from './overlay.ts';

export interface Composition {
  /** Undefined, with findings, if any of the files could not be read. */
  readonly tree: SourceMap | undefined;
  /** Every file that the tree is made of. */
  readonly texts: readonly SourceFile[];
  readonly trace: OverlayTrace;
}

/** Reads `main` and lays the overlays over it, one after the other. */
export const compose = (
  { main, overlays = [] }: { readonly main: string; readonly overlays?: readonly string[] },
  files: Files,
  report: Report,
): Composition => {
  const trace: OverlayTrace = { replaced: new Map(), merged: new Map(), removed: [] };
  let { tree, texts } = readWithIncludes(main, files, report);
  for (const path of overlays) {
    const over = readWithIncludes(path, files, report);
    texts = [...texts, ...over.texts];
    tree = tree && over.tree && layOverlay(tree, over.tree, { report, trace, schema: GATEWAY_SCHEMA });
  }
  return { tree, texts, trace };
};
