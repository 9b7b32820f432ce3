/** One client who was promised to be told where what it is listed changes. */
import type { CallFacts } from '../../../schema/decision.ts';
import type { Asker } from '../list-item.ts';
import type { Shown, ToldKind } from './shown-lists.ts';

export interface ListReader {
  /** Whose lists they are, and how it asked. */
  readonly facts: CallFacts;
  readonly speaks: Asker['client'];
  /** JSON text of what modern upstreams are told that it can be asked. */
  readonly capabilitiesText: string;
  /** What it was promised to be told of. */
  readonly promised: readonly ToldKind[];
  /** What its lists are made of now; undefined when it is over. */
  shown(): Shown | undefined;
  /** Must not throw. */
  tellChanged(kind: ToldKind): void;
}
