/** A finding of `check --online` before it has a place. */
import type { DataOf } from '../../compiler/diagnostics/catalogue.ts';

export type OnlineCode =
  | 'GW5000'
  | 'GW5001'
  | 'GW5002'
  | 'GW5003'
  | 'GW5004'
  | 'GW5005'
  | 'GW5006'
  | 'GW5007'
  | 'GW5008';

export type OnlineFinding = {
  readonly [C in OnlineCode]: {
    readonly code: C;
    /** Where it belongs in the configuration; what is not written there is told at the nearest above. */
    readonly path: readonly (string | number)[];
    readonly data: DataOf<C>;
  };
}[OnlineCode];
