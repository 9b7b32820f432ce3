/** What the targets of calls add to what every call is forwarded with. */
import type { Item } from './catalogue.ts';
import type { UpstreamResponse } from './response.ts';
import type { Rewrite } from './result-rewrite.ts';
import type { Edit } from './splice.ts';

/** What a target adds to the plain request. */
export interface ForwardOptions {
  /** The target's name at the upstream, where it differs from the one that the client used. */
  readonly upstreamName: string | undefined;
  /** The parameter that holds it. */
  readonly parameter: string;
  /** `mcp-name` and `mcp-param-*`, flat; for modern links. */
  readonly mirrored: readonly string[];
  readonly idempotent: boolean;
  readonly timeoutMs: number | undefined;
  readonly maxTimeoutMs: number | undefined;
  readonly maxBytes: number | undefined;
  /** The tool that is called. */
  readonly tool?: Item | undefined;
  /** The rounds of input that came before, and the progress that was told in them. */
  readonly before?: { readonly rounds: number; readonly progress: number } | undefined;
  /** Changes its response before it is adapted to the client; absent where nothing is to be changed. */
  readonly rewrite?: Rewrite | undefined;
  /** It is made anew, and not once more. */
  readonly isSecond?: boolean;
  /** The upstream says that the mirrored headers do not fit its tool. True: the call is made again, answer nothing. */
  readonly onHeaderMismatch?: () => boolean;
  /** The upstream does not know what was asked for. True: another is asked, answer nothing. */
  readonly onNotFound?: () => boolean;
  /** The tool runs as a task only, which the client knows nothing of. */
  readonly asTask?: boolean;
  /** Edits of a result that the upstream gave, besides those of the eras. */
  readonly resultEdits?: (response: UpstreamResponse) => Edit[];
  /** Told before the answer whether the upstream did what was asked. */
  readonly onOutcome?: (done: boolean) => void;
}
