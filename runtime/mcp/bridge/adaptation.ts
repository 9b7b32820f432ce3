/** What changes between a client and an upstream: nothing where they speak alike, else what one of them does not know. */
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import type { Item } from '../catalogue.ts';
import type { Message } from '../message.ts';
import type { ListKind, Method } from '../method.ts';
import type { UpstreamResponse } from '../response.ts';
import type { Edit } from '../splice.ts';

/** What the request side of an adaptation may need. */
export interface RequestContext {
  /** JSON text of the client info that the upstream is told. */
  readonly clientInfoText: string;
  /** JSON text of the capabilities that a modern upstream is told. */
  readonly capabilitiesText: string;
  /** Log level that the client asked for, if any. */
  readonly logLevel: string | undefined;
}

/** Changes of a result that nobody has read. */
export interface LargeEdits {
  /** Members put first, as JSON text without braces. */
  readonly added: string;
  /** Whether a member of the result is left out; `first` is the first character of its value. */
  drops(key: string, first: string): boolean;
  /** Members of `_meta` that are left out, and it too where nothing remains. Absent: it stays as it is. */
  readonly metaDrops?: ReadonlySet<string>;
  /** Members put last where the result has none of that name, as key and JSON text. */
  readonly unsaid: readonly (readonly [key: string, json: string])[];
}

export interface Adaptation {
  readonly crossesEras: boolean;
  /** The JSON text of `params._meta` for the upstream; undefined leaves out the member. */
  metaText(message: Message, progressToken: number | undefined, context: RequestContext): string | undefined;
  /**
   * Edits of a response besides its id. A response that cannot be told to the client throws a GatewayError.
   * `request` is what the client asked, `tool` the tool that it called, where it is known.
   */
  responseEdits(
    response: UpstreamResponse,
    method: Method,
    request: Message,
    tool?: Item | undefined,
  ): readonly Edit[];
  /**
   * What changes in a result that is passed on in pieces; undefined where it has to be read whole. The same as
   * `responseEdits` makes of it.
   */
  largeEdits(method: Method, tool?: Item | undefined): LargeEdits | undefined;
  /** A notification for the client, or undefined if it must not have it. */
  notification(text: string, message: UpstreamMessage, logLevel: string | undefined): string | undefined;
  /** An item of a list, or undefined if the client must not see it. */
  item(text: string, value: Readonly<Record<string, unknown>>, kind: ListKind): string | undefined;
}
