/** A session of a client of 2025-11-25 or older, with its own conversations upstream. */
import type { Admitted } from '../../../policies/identity/standing.ts';
import type { CallFacts } from '../../../schema/decision.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError, RPC } from '../../errors.ts';
import type { UnreadRoom } from '../../listen/unread-room.ts';
import type { Link } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import { refuseRequest } from '../ask.ts';
import type { Call, InputRequired, InputSource } from '../call.ts';
import {
  correlatedHeaders,
  forwardNames,
  headersKey,
  keptHeaders,
  NO_HEADERS,
  type SentHeaders,
} from '../caller-headers.ts';
import { catalogueOf, noteChange } from '../catalogues.ts';
import type { ListReader } from '../changes/list-reader.ts';
import type { Shown, ToldKind } from '../changes/shown-lists.ts';
import { type Exposure, isolationKeyOf } from '../exposure.ts';
import { labelOf } from '../input/input-request.ts';
import type { LastingCaller } from '../lasting-callers.ts';
import type { Asker } from '../list-item.ts';
import type { Filter } from '../modern/subscription-filter.ts';
import type { Connected, Part } from '../part.ts';
import type { PreparedServer } from '../server.ts';
import { TASKS_REVISION } from '../task/required-task.ts';
import { SessionTasks } from '../task/session-tasks.ts';
import { View } from '../view.ts';
import { InFlight } from './in-flight.ts';
import { runInputRound } from './input-round.ts';
import { legacyCapabilities } from './legacy-capabilities.ts';
import { modernCapabilities } from './modern-capabilities.ts';
import { exposedNotice, mayTell } from './notice.ts';
import { SessionAsks } from './session-asks.ts';
import { SessionFollows } from './session-follows.ts';
import { SessionLinks } from './session-links.ts';
import { SessionStreams } from './session-stream.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';
import { giveBackWishes, tellLevel, tellWishes } from './session-wishes.ts';

/** What the client said of itself in initialize. */
export interface SessionClient {
  readonly version: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly info: { readonly name: string; readonly version: string };
  readonly infoText: string;
  /** Those of its initialize. */
  readonly sentHeaders: SentHeaders;
}

/** An initialize that has no answer yet. */
interface Greeted {
  /** Of the server that it began under. */
  readonly exposures: PreparedServer['exposures'];
  /** Answers it, and ends the session. */
  refuse(error: GatewayError): void;
}

const sessionEnded = (): GatewayError =>
  new GatewayError('session_not_found', 'the session ended', { status: 404, rpcCode: RPC.invalidRequest });

export class Session implements InputSource, LastingCaller, ListReader {
  readonly id: string;
  readonly admitted: Admitted;
  readonly principal: Principal;
  /** Whom it counts for. */
  readonly owner: string;
  readonly serverName: string;
  readonly version: string;
  readonly client: SessionClient;
  readonly speaks: Asker['client'];
  readonly streams: SessionStreams;
  readonly asks: SessionAsks;
  readonly inFlight = new InFlight();
  readonly links = new SessionLinks(() => this.inFlight.size === 0 && this.#greeting === undefined);
  readonly subscriptions = new SessionSubscriptions();
  /** Undefined for revisions without tasks. */
  readonly tasks: SessionTasks | undefined;
  readonly #follows: SessionFollows;
  readonly createdMs = performance.now();
  usedMs = performance.now();
  logLevel: string | undefined;
  /** The kinds of lists whose changes the client was promised to be told of. */
  promised: readonly ToldKind[] = [];
  /** What rules see of who opened it. */
  readonly facts: CallFacts;
  /** Called once, when it has ended, whoever ended it. */
  onEnded: (() => void) | undefined;
  /** Ends it in the store that holds it, which sets this. */
  end: () => void = () => undefined;
  /** Whether it has ended because its caller may not have it any more. */
  expelled = false;
  /** While its initialize is being answered. */
  #greeting: Greeted | undefined;
  #server: PreparedServer;
  #view: View;
  #capabilitiesText: string;
  #closed = false;

  /** @param room what is kept for clients to come back counts in it */
  constructor(
    id: string,
    admitted: Admitted,
    owner: string,
    server: PreparedServer,
    client: SessionClient,
    facts: CallFacts,
    room: UnreadRoom,
  ) {
    this.id = id;
    this.facts = facts;
    this.streams = new SessionStreams(room);
    this.admitted = admitted;
    this.principal = admitted.principal;
    this.owner = owner;
    this.serverName = server.node.name;
    this.version = client.version;
    this.tasks = client.version < TASKS_REVISION ? undefined : new SessionTasks();
    this.client = client;
    this.speaks = { era: 'legacy', revision: client.version };
    this.asks = new SessionAsks(client, (callIdText) => this.inFlight.settled(callIdText));
    this.#server = server;
    this.inFlight.exposures = server.exposures;
    this.#capabilitiesText = JSON.stringify(modernCapabilities(client, server.node.features));
    this.#follows = new SessionFollows({
      context: () => ({ info: this.#server.info, capabilitiesText: this.#capabilitiesText }),
      subscriptions: this.subscriptions,
      tellChange: (upstream, text, message) => {
        if (!this.#closed && mayTell(this, this.#server, upstream, message))
          this.streams.standalone.append(exposedNotice(this.#view, upstream, text, message));
      },
    });
    this.#view = this.#makeView(server);
  }

  expel(): void {
    this.expelled = true;
    this.end();
  }

  /** Sends its client away from its GET stream, when it has been told what a reload has changed, within `maxMs`. */
  detachTold(maxMs: number): void {
    this.#server.listReaders.afterTold(this, maxMs, () => this.streams.standalone.detach());
  }

  /** It is not open any more. */
  leave(): void {
    this.#server.lasting.remove(this);
    this.#server.listReaders.forget(this);
  }

  /** Whether the session is in use, whatever its last request was. */
  get busy(): boolean {
    return this.inFlight.size > 0 || this.streams.attached;
  }

  /**
   * Another graph serves: its rules count from now on, and conversations that it does not know end. Answers whether
   * anything of the server changed.
   */
  adopt(server: PreparedServer): boolean {
    const before = this.#server;
    this.#server = server;
    this.inFlight.exposures = server.exposures;
    if (server.fingerprint === before.fingerprint) return false;
    server.listReaders.note(this, { server: before, view: this.#view }, server);
    const isFollowing = this.#follows.size > 0;
    this.#follows.close();
    this.#capabilitiesText = JSON.stringify(modernCapabilities(this.client, server.node.features));
    this.#view = this.#makeView(server);
    if (isFollowing) void this.#view.prepare(undefined);
    this.links.retain(new Set(server.exposures.map(({ upstream }) => upstream)));
    return true;
  }

  shown(): Shown | undefined {
    return this.#closed ? undefined : { server: this.#server, view: this.#view };
  }

  tellChanged(kind: ToldKind): void {
    this.streams.standalone.append(`{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"}`);
  }

  /** JSON text of what modern upstreams are told that the client can be asked. */
  get capabilitiesText(): string {
    return this.#capabilitiesText;
  }

  /** The server's exposures as this session sees them. A request of an older graph sees that one, and changes nothing. */
  viewOn(server: PreparedServer): View {
    if (server.fingerprint === this.#server.fingerprint) return this.#view;
    return this.#makeView(server);
  }

  #makeView(server: PreparedServer): View {
    const view = new View(
      server.exposures,
      'legacy',
      (exposure, callerHeaders) => this.#connect(exposure, callerHeaders),
      (kind, clash) => server.log.warn('two upstreams claim one name', { kind, ...clash }),
    );
    view.sentHeaders = keptHeaders(forwardNames(server.exposures), this.client.sentHeaders);
    return view;
  }

  /** A request of the session begins: what is asked of upstreams for it goes by its name. */
  calledWith(sent: SentHeaders, view: View): void {
    if (view.sentHeaders !== NO_HEADERS) view.sentHeaders = correlatedHeaders(view.sentHeaders, sent);
  }

  async #connect(exposure: Exposure, callerHeaders: readonly string[]): Promise<Connected> {
    const { upstream, upstreamNode } = exposure;
    const era = await upstream.eraFor('legacy', callerHeaders);
    const key = isolationKeyOf(upstreamNode, this.principal, this.id);
    const link =
      era === 'modern'
        ? await upstream.modern(key, callerHeaders)
        : await this.links.get(upstream, upstreamNode.timeouts.listMs, (wanted) =>
            this.#openLink(exposure, key, callerHeaders, wanted),
          );
    if (era === 'modern' || this.#follows.size > 0) {
      const part = this.#view.parts.find((each) => each.exposure === exposure);
      if (part !== undefined) void this.follow(part);
    }
    const { callMs } = upstreamNode.timeouts;
    const headers = headersKey(callerHeaders);
    const { info } = this.#server;
    const owner = this.principal.key;
    return { link, catalogue: catalogueOf(link, owner, this.capabilitiesText, info, callMs, headers) };
  }

  /** Listens to a modern upstream for all that the client is to be told of; resolves to what is granted. */
  follow(part: Part): Promise<Filter> {
    return this.#follows.refresh(part, this.#server.node.features);
  }

  async #openLink(
    { upstream, upstreamNode }: Exposure,
    isolationKey: string,
    callerHeaders: readonly string[],
    wanted: AbortSignal,
  ): Promise<Link> {
    const own = upstreamNode.type !== 'stdio' || upstreamNode.isolation === 'per-session';
    const link = await upstream.legacy({
      capabilities: own ? legacyCapabilities(this.client, this.#server.node.features) : {},
      clientInfo: this.client.info,
      protocolVersion: this.version,
      isolationKey,
      caller: this.owner,
      listen: true,
      headers: callerHeaders,
      wanted,
    });
    link.onUnsolicited = (text, message) =>
      this.fromUpstream(link, text, message, undefined, (told) => this.streams.standalone.append(told));
    link.onClosed = () => this.asks.forgetLink(link);
    tellWishes(this, link, this.#server.info);
    return link;
  }

  /**
   * Takes what an upstream says besides answers and what belongs to a call's own progress: what the client may have
   * goes out by `send`, a request that it cannot have is refused.
   */
  fromUpstream(
    link: Link,
    original: string,
    message: UpstreamMessage,
    callIdText: string | undefined,
    send: (told: string) => void,
  ): void {
    if (typeof message.method !== 'string' || this.#closed) return;
    const text = this.tasks === undefined ? original : this.tasks.told(link.upstream, original, message);
    if (text === undefined) {
      refuseRequest(link, message);
      return;
    }
    if (message.id !== undefined) {
      const label = labelOf({ server: this.#server }, link.upstream);
      const asker = { link, callIdText, label };
      const request = this.asks.take(asker, text, message, this.#server.node.features);
      if (request === undefined) refuseRequest(link, message);
      else {
        if (callIdText !== undefined) this.inFlight.asked(callIdText);
        send(request);
      }
      return;
    }
    noteChange(link, message.method);
    if (message.method === 'notifications/cancelled') {
      const withdrawn = this.asks.withdraw(link, message);
      if (withdrawn !== undefined) send(withdrawn);
    } else if (mayTell(this, this.#server, link.upstream, message))
      send(exposedNotice(this.#view, link.upstream, text, message));
  }

  /** Asks the client for what a modern upstream requires before it answers `call`. */
  requireInput(call: Call, required: InputRequired): void {
    runInputRound(this, call, required);
  }

  /** A request has been answered. */
  finished(idText: string): void {
    this.inFlight.finished(idText);
    this.links.settle();
    this.asks.forgetCall(idText);
    this.usedMs = performance.now();
  }

  /** Sets the level for all upstreams that log. */
  async setLogLevel(level: string): Promise<void> {
    this.logLevel = level;
    await Promise.all(this.links.all().map((link) => tellLevel(link, level, this.#server.info)));
  }

  /** Its initialize is being answered: refused, if the session has ended before it began. */
  greets(greeting: Greeted): void {
    this.#greeting = greeting;
    if (this.#closed) this.#refuseGreeting(sessionEnded());
  }

  /** It is answered, or nobody waits for that. */
  greeted(): void {
    this.#greeting = undefined;
    this.links.settle();
  }

  /** What began under a server that is over fails; a session that only begins ends with that. */
  cut(exposures: PreparedServer['exposures'], error: GatewayError): void {
    this.inFlight.end(error, exposures);
    if (this.#greeting?.exposures === exposures) this.#refuseGreeting(error);
  }

  #refuseGreeting(error: GatewayError): void {
    const greeting = this.#greeting;
    this.#greeting = undefined;
    greeting?.refuse(error);
  }

  /** Ends the streams, what is in flight, and the conversations upstream. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#refuseGreeting(sessionEnded());
    this.inFlight.end(sessionEnded());
    this.asks.clear();
    this.#follows.close();
    this.streams.close();
    this.onEnded?.();
    await giveBackWishes(this, this.#server.info);
    await this.links.close();
  }
}
