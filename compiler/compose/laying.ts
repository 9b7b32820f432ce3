/** What is known while an overlay is laid over a configuration. */
import type { Report } from '../diagnostics/report.ts';
import type { Schema } from '../parse/schema.ts';
import type { Place } from '../source/source-file.ts';
import type { Path, SourceValue } from '../source/tree.ts';

/** What overlays did, for who shows where a value comes from. */
export interface OverlayTrace {
  /** What a value stands in the place of. */
  readonly replaced: Map<SourceValue, Place>;
  /** Lists that entries of overlays were merged into, with the key that tells entries apart. */
  readonly merged: Map<SourceValue, { readonly by: string; readonly place: Place }>;
  readonly removed: { readonly path: Path; readonly place: Place; readonly by: Place }[];
}

/** One value of an overlay on its way into the base. */
export interface Laying {
  readonly report: Report;
  readonly trace: OverlayTrace;
  readonly path: Path;
  /** Undefined below a key that is not known. */
  readonly schema: Schema | undefined;
}
