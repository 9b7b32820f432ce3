/**
 * subscriptions/listen: one stream for the client, one at each modern upstream that has what it asks for
 * (MCP 2026-07-28, subscriptions). Acknowledged only after the upstreams have.
 */
import { GatewayError, RPC } from '../../errors.ts';
import { type Call, callFacts } from '../call.ts';
import { noteChange } from '../catalogues.ts';
import { closingRefusal } from '../closing.ts';
import { admit, decide } from '../gate.ts';
import type { Connected, Part } from '../part.ts';
import { type Ownership, ownerOf, resourceFacts } from '../resource-owner.ts';
import { META, MODERN_VERSION } from '../revision.ts';
import type { ListenStream } from './listen-streams.ts';
import { withSubscriptionId } from './subscription-id.ts';

/** What a client asks to be told of (schema, SubscriptionFilter). */
interface Filter {
  toolsListChanged?: true;
  promptsListChanged?: true;
  resourcesListChanged?: true;
  resourceSubscriptions?: string[];
}

const FLAGS = [
  ['toolsListChanged', 'tools', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'prompts', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'resources', 'notifications/resources/list_changed'],
] as const;

/** More URIs than this in one stream are refused. */
const MAX_URIS = 1000;

const readFilter = (value: unknown): Filter | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const asked = value as Readonly<Record<string, unknown>>;
  const filter: Filter = {};
  for (const [flag] of FLAGS) if (asked[flag] === true) filter[flag] = true;
  const uris = asked.resourceSubscriptions;
  if (uris === undefined) return filter;
  if (!Array.isArray(uris) || uris.length > MAX_URIS || uris.some((uri) => typeof uri !== 'string'))
    return undefined;
  return { ...filter, resourceSubscriptions: uris as string[] };
};

const mayRead = (call: Call, uri: string, owner: Ownership): boolean =>
  decide(call, resourceFacts(callFacts(call, uri, {}), uri, owner)).kind === 'allow';

/** The share of the filter that one upstream can serve. */
const shareOf = async (call: Call, part: Part, connected: Connected, filter: Filter): Promise<Filter> => {
  const share: Filter = {};
  const { features } = call.server.node;
  for (const [flag, kind] of FLAGS) {
    const offered = connected.link.peer.capabilities[kind] as { listChanged?: unknown } | undefined;
    if (
      filter[flag] &&
      features[kind] &&
      offered?.listChanged === true &&
      part.exposure.node[kind].allow.length > 0
    )
      share[flag] = true;
  }
  const uris: string[] = [];
  for (const uri of features.resources ? (filter.resourceSubscriptions ?? []) : []) {
    const owner = await ownerOf(call.view, uri, call.server.policies.readsMimeType);
    if (owner.part === part && mayRead(call, uri, owner)) uris.push(uri);
  }
  if (uris.length > 0) share.resourceSubscriptions = uris;
  return share;
};

const honour = (honoured: Filter, acknowledged: Filter | undefined): void => {
  if (acknowledged === undefined) return;
  for (const [flag] of FLAGS) if (acknowledged[flag] === true) honoured[flag] = true;
  const uris = acknowledged.resourceSubscriptions;
  if (Array.isArray(uris))
    honoured.resourceSubscriptions = [...(honoured.resourceSubscriptions ?? []), ...uris];
};

/** The client's stream, fed by its upstream streams. */
class Subscription implements ListenStream {
  readonly server: string;
  readonly fingerprint: string;
  readonly #call: Call;
  readonly #cancels: ((reason: string) => void)[] = [];
  readonly #honoured: Filter = {};
  #early: string[] | undefined = [];
  #open = 0;
  #ended = false;

  constructor(call: Call) {
    this.#call = call;
    this.server = call.server.node.name;
    this.fingerprint = call.server.fingerprint;
  }

  /** Opens the upstream's stream; settles when it has acknowledged, failed or taken too long. */
  open(connected: Connected, filter: Filter, deadlineMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const { link } = connected;
    const id = link.nextId();
    const params = { notifications: filter, _meta: this.#meta() };
    this.#open += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      const over = () => {
        settle();
        this.#upstreamEnded();
      };
      const cancel = link.request(
        {
          id,
          method: 'subscriptions/listen',
          body: JSON.stringify({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params }),
          headers: ['mcp-method', 'subscriptions/listen'],
          idempotent: true,
        },
        {
          onStream: () => undefined,
          onSuspend: () => undefined,
          onMessage: (text, message) => {
            if (message.method === 'notifications/subscriptions/acknowledged') {
              honour(
                this.#honoured,
                (message.params as { notifications?: Filter } | undefined)?.notifications,
              );
              settle();
            } else if (typeof message.method === 'string')
              this.#notify(connected, message.method, filter, text);
          },
          onResponse: over,
          onError: over,
        },
      );
      this.#cancels.push(cancel);
    });
  }

  #meta(): Record<string, unknown> {
    const { message, server } = this.#call;
    return {
      [META.protocolVersion]: MODERN_VERSION,
      [META.clientInfo]: server.info,
      [META.clientCapabilities]: message.meta![META.clientCapabilities],
    };
  }

  #notify(connected: Connected, method: string, filter: Filter, text: string): void {
    noteChange(connected.link, method);
    const flag = FLAGS.find(([, , name]) => name === method)?.[0];
    const asked =
      flag === undefined
        ? method === 'notifications/resources/updated' && filter.resourceSubscriptions !== undefined
        : filter[flag];
    if (asked !== true || this.#ended) return;
    const tagged = withSubscriptionId(text, this.#call.idText);
    if (tagged === undefined) return;
    if (this.#early !== undefined) this.#early.push(tagged);
    else this.#call.reply.message(tagged);
  }

  /** Tells the client what is honoured, and then what has happened since. */
  acknowledge(): void {
    if (this.#ended) return;
    this.#call.reply.stream();
    const meta = `"_meta":{"${META.subscriptionId}":${this.#call.idText}}`;
    this.#call.reply.message(
      `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":${JSON.stringify(this.#honoured)},${meta}}}`,
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) this.#call.reply.message(text);
  }

  #upstreamEnded(): void {
    this.#open -= 1;
    if (this.#open === 0 && this.#early === undefined) this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.abandon('the subscription ended');
    const { idText, reply, server } = this.#call;
    const meta = `"_meta":{"${META.subscriptionId}":${idText},"${META.serverInfo}":${server.infoText}}`;
    reply.response(`{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete",${meta}}}`);
  }

  /** Ends the upstream streams; nothing more is told to the client. */
  abandon(reason: string): void {
    this.#ended = true;
    this.#call.server.listens.remove(this);
    for (const cancel of this.#cancels) cancel(reason);
  }
}

/** Serves subscriptions/listen. */
export const callListen = async (call: Call): Promise<void> => {
  if (!admit(call, callFacts(call, '', undefined))) return;
  const closing = closingRefusal(call.exchange);
  if (closing !== undefined) {
    call.reply.error(closing);
    return;
  }
  const filter = readFilter(call.message.params.notifications);
  if (filter === undefined) {
    call.reply.error(
      new GatewayError('invalid_params', 'params.notifications is no filter', {
        rpcCode: RPC.invalidParams,
        status: 400,
      }),
    );
    return;
  }
  const subscription = new Subscription(call);
  call.exchange.onAbort = () => subscription.abandon('the client closed its stream');
  call.exchange.record.outcome = 'ok';
  call.server.listens.add(subscription);
  await call.view.prepare(undefined);
  await Promise.all(
    call.view.parts.map(async (part) => {
      const { connected } = part;
      if (connected === undefined || connected.link.era !== 'modern') return;
      const share = await shareOf(call, part, connected, filter);
      if (Object.keys(share).length === 0) return;
      await subscription.open(connected, share, part.exposure.upstreamNode.timeouts.listMs);
    }),
  );
  subscription.acknowledge();
};
