/** One client's stream of changes, fed by a stream of each upstream that has a share in it. */
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import type { Call } from '../call.ts';
import { noteChange } from '../catalogues.ts';
import type { Connected, Part } from '../part.ts';
import { META, MODERN_VERSION } from '../revision.ts';
import { isWithin } from '../uri-scope.ts';
import type { ListenStream } from './listen-streams.ts';
import { type Filter, FLAGS, honour } from './subscription-filter.ts';
import { withSubscriptionId } from './subscription-id.ts';

const LISTEN = 'subscriptions/listen';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';

/** Changes that are held back until all upstreams have acknowledged; a stream with more ends. */
const MAX_EARLY = 2000;

/** Whether the caller may be told now that a URI of an upstream changed. */
export type MayUpdate = (part: Part, uri: string) => boolean | Promise<boolean>;

/** What one upstream feeds. */
export interface Share {
  readonly part: Part;
  readonly connected: Connected;
  readonly filter: Filter;
}

/**
 * Lives as long as all of its parts: when an upstream ends a stream that it had acknowledged, the client's ends
 * gracefully too. A client that comes back reads anew what it missed; one that is left with half of what it was
 * promised never learns of it.
 */
export class Subscription implements ListenStream {
  readonly server: string;
  readonly fingerprint: string;
  readonly #call: Call;
  readonly #mayUpdate: MayUpdate;
  readonly #cancels: ((reason: string) => void)[] = [];
  readonly #honoured: Filter = {};
  #early: string[] | undefined = [];
  #isBroken = false;
  #ended = false;

  constructor(call: Call, mayUpdate: MayUpdate) {
    this.#call = call;
    this.#mayUpdate = mayUpdate;
    this.server = call.server.node.name;
    this.fingerprint = call.server.fingerprint;
  }

  /** Whether nothing is to be opened or told any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Opens the upstream's stream; settles when it has acknowledged, failed or taken too long. */
  open(share: Share, deadlineMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let isAcknowledged = false;
    const over = (): void => {
      settle();
      if (isAcknowledged) this.#upstreamEnded();
    };
    const { link } = share.connected;
    const id = link.nextId();
    const params = { notifications: share.filter, _meta: this.#meta() };
    const cancel = link.request(
      {
        id,
        method: LISTEN,
        body: JSON.stringify({ jsonrpc: '2.0', id, method: LISTEN, params }),
        headers: ['mcp-method', LISTEN],
        idempotent: true,
      },
      {
        onStream: () => undefined,
        onSuspend: () => undefined,
        onMessage: (text, message) => {
          if (message.method !== ACKNOWLEDGED) this.#notify(share, text, message);
          else {
            isAcknowledged = true;
            honour(this.#honoured, share.filter, (message.params as Params | undefined)?.notifications);
            settle();
          }
        },
        onResponse: over,
        onError: over,
      },
    );
    if (this.#ended) cancel('the subscription ended');
    else this.#cancels.push(cancel);
    return promise;
  }

  #meta(): Record<string, unknown> {
    const { message, server } = this.#call;
    return {
      [META.protocolVersion]: MODERN_VERSION,
      [META.clientInfo]: server.info,
      [META.clientCapabilities]: message.meta![META.clientCapabilities],
    };
  }

  #isAsked({ part, filter }: Share, { method, params }: UpstreamMessage): boolean | Promise<boolean> {
    const flag = FLAGS.find(([, , name]) => name === method)?.[0];
    if (flag !== undefined) return filter[flag] === true;
    const uri = method === UPDATED && isObject(params) ? params.uri : undefined;
    if (typeof uri !== 'string') return false;
    const isWithinShare = filter.resourceSubscriptions?.some((asked) => isWithin(uri, asked)) === true;
    return isWithinShare && this.#mayUpdate(part, uri);
  }

  #notify(share: Share, text: string, message: UpstreamMessage): void {
    if (typeof message.method === 'string') noteChange(share.connected.link, message.method);
    if (this.#ended) return;
    const asked = this.#isAsked(share, message);
    if (asked === true) this.#tell(text);
    else if (asked !== false)
      asked.then(
        (may) => may && this.#tell(text),
        () => this.end(),
      );
  }

  #tell(text: string): void {
    if (this.#ended) return;
    const tagged = withSubscriptionId(text, this.#call.idText);
    if (tagged === undefined) return;
    if (this.#early === undefined) this.#call.reply.message(tagged);
    else if (this.#early.length < MAX_EARLY) this.#early.push(tagged);
    else this.#isBroken = true;
  }

  /** Tells the client what is honoured, and then what has happened since. */
  acknowledge(): void {
    if (this.#ended) return;
    this.#tellHonoured();
    if (this.#isBroken) this.end();
  }

  #tellHonoured(): void {
    const { idText, reply } = this.#call;
    const notifications = JSON.stringify(this.#honoured);
    const meta = `"_meta":{"${META.subscriptionId}":${idText}}`;
    reply.stream();
    reply.message(
      `{"jsonrpc":"2.0","method":"${ACKNOWLEDGED}","params":{"notifications":${notifications},${meta}}}`,
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) reply.message(text);
  }

  #upstreamEnded(): void {
    if (this.#early === undefined) this.end();
    else this.#isBroken = true;
  }

  end(): void {
    if (this.#ended) return;
    this.abandon('the subscription ended');
    // The acknowledgment is the first that a stream tells, even of one that ends before it is open.
    if (this.#early !== undefined) this.#tellHonoured();
    const { idText, reply, server } = this.#call;
    const meta = `"_meta":{"${META.subscriptionId}":${idText},"${META.serverInfo}":${server.infoText}}`;
    reply.response(`{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete",${meta}}}`);
  }

  /** Ends the upstream streams; nothing more is told to the client. */
  abandon(reason: string): void {
    this.#ended = true;
    this.#call.server.listens.remove(this);
    for (const cancel of this.#cancels.splice(0)) cancel(reason);
  }
}

type Params = { readonly notifications?: unknown };
