/** One client's stream of changes, fed by each upstream that has a share in it. */
import type { Admitted } from '../../../policies/identity/standing.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import { type Beating, heartbeat } from '../../listen/heartbeat.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import type { AskContext } from '../ask.ts';
import { Follow, type FollowOwner } from '../changes/follow.ts';
import type { ListReader } from '../changes/list-reader.ts';
import type { Shown, ToldKind } from '../changes/shown-lists.ts';
import type { ClientReply } from '../client-reply.ts';
import { exposedUpdate, exposedUri } from '../exposed-uris.ts';
import type { LastingCaller } from '../lasting-callers.ts';
import type { Asker } from '../list-item.ts';
import type { Part } from '../part.ts';
import { META } from '../revision.ts';
import type { PreparedServer } from '../server.ts';
import { withoutQuestions, withTaskId } from '../task/session-tasks.ts';
import { requestSteps } from '../uri-template.ts';
import type { View } from '../view.ts';
import type { ListenStream } from './listen-streams.ts';
import { type Filter, FLAGS } from './subscription-filter.ts';
import { withSubscriptionId } from './subscription-id.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const UPDATED = 'notifications/resources/updated';
const TASK = 'notifications/tasks';

/** Changes that are held back until all upstreams have acknowledged; a stream with more ends. */
const MAX_EARLY = 2000;

/** Whose stream it is. Held as long as the stream is: what its request alone needs is not in here. */
export interface Subscriber {
  readonly server: PreparedServer;
  readonly reply: ClientReply;
  /** JSON text of the id of its request. */
  readonly idText: string;
  readonly context: AskContext;
  readonly view: View;
  /** When its credential expires, in milliseconds since the epoch; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** As it was let in. */
  readonly admitted: Admitted;
  /** What rules see of who opened it. */
  readonly facts: CallFacts;
  readonly speaks: Asker['client'];
  /** From now on it goes by the rules of this server. */
  adopt(server: PreparedServer): void;
  /** Whether it may be told at all now what an upstream says by this method. */
  mayHear(part: Part, method: string): boolean;
  /** Whether it may be told now that a resource of an upstream changed. */
  mayUpdate(part: Part, uri: string): boolean | Promise<boolean>;
  /** Its own id of an upstream's task; undefined where it may not be told of that now. */
  taskId(part: Part, id: unknown): string | undefined;
}

/**
 * Lives as long as all that it has promised: an upstream that is lost is followed again, and the client told that
 * it may have missed something. Where an upstream refuses what it had granted the stream ends gracefully: a client
 * that comes back learns what it can have; one that is left with half of what it was promised never learns of it.
 * Likewise where the credential expires: nothing that happens from then on is told.
 */
export class Subscription implements ListenStream, LastingCaller, ListReader, FollowOwner, Beating {
  readonly #subscriber: Subscriber;
  #follows: readonly Follow[] = [];
  #early: string[] | undefined = [];
  #isBroken = false;
  #ended = false;
  /** Whose lists its client is answered with now. */
  #listing: PreparedServer;

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber;
    this.#listing = subscriber.server;
    if (subscriber.expiresAtMs !== undefined) heartbeat.add(this);
  }

  get admitted(): Admitted {
    return this.#subscriber.admitted;
  }

  get server(): string {
    return this.#subscriber.server.node.name;
  }

  get fingerprint(): string {
    return this.#subscriber.server.fingerprint;
  }

  get facts(): CallFacts {
    return this.#subscriber.facts;
  }

  get speaks(): Asker['client'] {
    return this.#subscriber.speaks;
  }

  get capabilitiesText(): string {
    return this.#subscriber.context.capabilitiesText;
  }

  get promised(): readonly ToldKind[] {
    const isHonoured = (flag: (typeof FLAGS)[number][0]) =>
      this.#follows.some(({ honoured }) => honoured[flag]);
    return FLAGS.filter(([flag]) => isHonoured(flag)).map(([, kind]) => kind);
  }

  get context(): AskContext {
    return this.#subscriber.context;
  }

  /** Whether nothing is to be opened or told any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Follows an upstream; settles when it has acknowledged, failed or taken too long. */
  async open(part: Part, filter: Filter): Promise<void> {
    if (this.#ended) return;
    const follow = new Follow(part, this);
    this.#follows = [...this.#follows, follow];
    await follow.want(filter);
  }

  serves(server: PreparedServer): void {
    const before = server.fingerprint === this.#listing.fingerprint ? undefined : this.shown();
    this.#listing = server;
    if (before !== undefined) server.listReaders.note(this, before, server);
  }

  shown(): Shown | undefined {
    if (this.#ended) return undefined;
    const { server: opened, view, admitted, context } = this.#subscriber;
    const server = this.#listing;
    // The server that it was opened on may stay as it is.
    if (server.views === opened.views) return { server, view };
    const { principal } = admitted;
    return { server, view: server.views.view(principal, context.capabilitiesText, view.sentHeaders) };
  }

  tellChanged(kind: ToldKind): void {
    this.#tell(`{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"}`);
  }

  adopt(server: PreparedServer): void {
    if (this.#ended) return;
    this.#subscriber.adopt(server);
    if (server.fingerprint === this.fingerprint) return;
    // What waits for the acknowledgment was let through by other rules.
    if (this.#early !== undefined || server.modernVersions.length === 0) this.expel();
    else for (const follow of this.#follows) this.#judge(follow);
  }

  /** Ends it if it may not be told any more what it was promised: half of that would be taken for all. */
  #judge({ part, honoured }: Follow): void {
    const { mayHear, mayUpdate, taskId } = this.#subscriber;
    const uris = honoured.resourceSubscriptions ?? [];
    const hears = (method: string): boolean => mayHear(part, method);
    const isHeard =
      FLAGS.every(([flag, , method]) => !honoured[flag] || hears(method)) &&
      (uris.length === 0 || hears(UPDATED)) &&
      (honoured.taskIds ?? []).every((id) => hears(TASK) && taskId(part, id) !== undefined);
    const judged = isHeard ? uris.map((uri) => mayUpdate(part, uri)) : [false];
    const refuse = (): void => this.expel();
    for (const may of judged)
      if (may === false) refuse();
      else if (may !== true) may.then((isAllowed) => !isAllowed && refuse(), refuse);
  }

  expel(): void {
    if (this.#early !== undefined) this.#early = [];
    this.end();
  }

  onChange({ part }: Follow, text: string, message: UpstreamMessage): void {
    if (!this.#subscriber.mayHear(part, String(message.method))) return;
    if (message.method === UPDATED) this.#tellUpdate(part, text, message);
    else if (message.method === TASK) this.#tellTask(part, text, message);
    else this.#tell(text);
  }

  onGap({ part, honoured }: Follow): void {
    for (const [flag, , method] of FLAGS)
      if (honoured[flag] && this.#subscriber.mayHear(part, method))
        this.#tell(`{"jsonrpc":"2.0","method":"${method}"}`);
    for (const uri of honoured.resourceSubscriptions ?? [])
      this.#tellMissed(part, { method: UPDATED, params: { uri } });
  }

  onRefused(): void {
    if (this.#early === undefined) this.end();
    else this.#isBroken = true;
  }

  #tellMissed(part: Part, message: UpstreamMessage): void {
    this.#tellUpdate(part, JSON.stringify({ jsonrpc: '2.0', ...message }), message);
  }

  #tellTask(part: Part, text: string, { params }: UpstreamMessage): void {
    const id = isObject(params) ? this.#subscriber.taskId(part, params.taskId) : undefined;
    if (id !== undefined) this.#tell(withoutQuestions(withTaskId(text, ['params'], id)));
  }

  #tellUpdate(part: Part, text: string, message: UpstreamMessage): void {
    const uri = isObject(message.params) ? message.params.uri : undefined;
    if (this.#ended || typeof uri !== 'string') return;
    const may = this.#subscriber.mayUpdate(part, uri);
    const tell = (): void => this.#tell(exposedUpdate(this.#subscriber.view, part, text, message));
    if (may === true) tell();
    else if (may !== false)
      may.then(
        (isAllowed) => isAllowed && tell(),
        () => this.end(),
      );
  }

  /** Ends it if its credential has expired. */
  beat(): void {
    const { expiresAtMs } = this.#subscriber;
    if (this.#ended || expiresAtMs === undefined || Date.now() < expiresAtMs) return;
    this.expel();
  }

  #tell(text: string): void {
    this.beat();
    if (this.#ended) return;
    const tagged = withSubscriptionId(text, this.#subscriber.idText);
    if (tagged === undefined) return;
    if (this.#early === undefined) this.#subscriber.reply.message(tagged);
    else if (this.#early.length < MAX_EARLY) this.#early.push(tagged);
    else this.#isBroken = true;
  }

  /** Tells the client what is honoured, and then what has happened since. */
  acknowledge(): void {
    this.beat();
    if (this.#ended) return;
    this.#tellHonoured();
    if (this.#isBroken) this.end();
  }

  #honoured(): Filter {
    const all: Filter = {};
    const steps = requestSteps();
    for (const { part, honoured } of this.#follows) {
      for (const [flag] of FLAGS) if (honoured[flag]) all[flag] = true;
      const uris = honoured.resourceSubscriptions?.map((uri) =>
        exposedUri(this.#subscriber.view, part, uri, steps),
      );
      const ids = honoured.taskIds?.flatMap((id) => this.#subscriber.taskId(part, id) ?? []);
      if (ids !== undefined) all.taskIds = [...(all.taskIds ?? []), ...ids];
      if (uris !== undefined) all.resourceSubscriptions = [...(all.resourceSubscriptions ?? []), ...uris];
    }
    return all;
  }

  #tellHonoured(): void {
    const { idText, reply } = this.#subscriber;
    const notifications = JSON.stringify(this.#honoured());
    const meta = `"_meta":{"${META.subscriptionId}":${idText}}`;
    reply.stream();
    reply.message(
      `{"jsonrpc":"2.0","method":"${ACKNOWLEDGED}","params":{"notifications":${notifications},${meta}}}`,
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) reply.message(text);
    reply.lasts?.();
  }

  end(): void {
    if (this.#ended) return;
    this.abandon();
    // The acknowledgment is the first that a stream tells, even of one that ends before it is open.
    if (this.#early !== undefined) this.#tellHonoured();
    const { idText, reply, server } = this.#subscriber;
    const meta = `"_meta":{"${META.subscriptionId}":${idText},"${META.serverInfo}":${server.infoText}}`;
    reply.response(`{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"complete",${meta}}}`);
  }

  endTold(maxMs: number): void {
    this.#subscriber.server.listReaders.afterTold(this, maxMs, () => this.end());
  }

  /** Follows nothing any more; nothing more is told to the client. */
  readonly abandon = (): void => {
    this.#ended = true;
    const { listens, lasting, listReaders } = this.#subscriber.server;
    listens.remove(this);
    lasting.remove(this);
    listReaders.forget(this);
    heartbeat.remove(this);
    for (const follow of this.#follows) follow.close();
  };
}
