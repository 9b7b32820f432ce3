/** A session of a client of 2025-11-25 or older, with its own conversations upstream. */
import { admitsMethod, featureOf } from '../../../policies/features/features.ts';
import type { Principal } from '../../../schema/principal.ts';
import type { Link, Upstream } from '../../upstream/link.ts';
import { isObject, type Message as UpstreamMessage } from '../../upstream/message.ts';
import { ask, refuseRequest } from '../ask.ts';
import { catalogueOf, noteChange } from '../catalogues.ts';
import { type Exposure, isolationKeyOf } from '../exposure.ts';
import { type Members, membersAt, memberText } from '../json-members.ts';
import type { Connected } from '../part.ts';
import type { PreparedServer } from '../server.ts';
import { applyEdits, replaceMember } from '../splice.ts';
import { View } from '../view.ts';
import { SessionStreams } from './session-stream.ts';

/** What the client said of itself in initialize. */
export interface SessionClient {
  readonly version: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly info: { readonly name: string; readonly version: string };
  readonly infoText: string;
}

interface PendingRequest {
  readonly link: Link;
  /** JSON text of the upstream's id. */
  readonly idText: string;
}

/** How long an upstream has to take note of a level or a subscription. */
const TELL_TIMEOUT_MS = 5000;
/** Requests of upstreams that wait for the client's answer, at most. */
const MAX_PENDING = 100;
/** What upstreams may ask of a client. */
const CLIENT_METHODS: ReadonlySet<string> = new Set([
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
]);
/** What upstreams may tell that belongs to no request. */
const UNSOLICITED: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/message',
  'notifications/elicitation/complete',
]);

/** Whether a URI names what another names, or a part of it. */
const isWithin = (uri: string, whole: string): boolean =>
  uri.startsWith(whole) &&
  (uri.length === whole.length || whole.endsWith('/') || '/?#'.includes(uri[whole.length]!));

export class Session {
  readonly id: string;
  readonly principal: Principal;
  readonly serverName: string;
  readonly version: string;
  readonly client: SessionClient;
  readonly streams = new SessionStreams();
  readonly createdMs = performance.now();
  usedMs = performance.now();
  logLevel: string | undefined;
  /** URIs that the client has subscribed to, with the name of the upstream that each belongs to. */
  readonly subscriptions = new Map<string, string>();
  #server: PreparedServer;
  #view: View;
  readonly #links = new Map<Upstream, Link>();
  readonly #pending = new Map<string, PendingRequest>();
  readonly #inFlight = new Map<string, (reason: string) => void>();
  readonly #progressOwners = new Map<string, Link>();
  #nextRequest = 1;
  #closed = false;

  constructor(id: string, principal: Principal, server: PreparedServer, client: SessionClient) {
    this.id = id;
    this.principal = principal;
    this.serverName = server.node.name;
    this.version = client.version;
    this.client = client;
    this.#server = server;
    this.#view = this.#makeView(server);
  }

  /** The server's exposures as this session sees them, under the graph that serves now. */
  viewOn(server: PreparedServer): View {
    if (server.fingerprint === this.#server.fingerprint) {
      this.#server = server;
      return this.#view;
    }
    this.#server = server;
    this.#view = this.#makeView(server);
    const kept = new Set(server.exposures.map(({ upstream }) => upstream));
    for (const [upstream, link] of this.#links) if (!kept.has(upstream)) this.#retire(upstream, link);
    return this.#view;
  }

  /** Links of this session that are up. */
  links(): Link[] {
    return [...this.#links.values()];
  }

  #makeView(server: PreparedServer): View {
    return new View(
      server.exposures,
      'legacy',
      (exposure) => this.#connect(exposure),
      (kind, clash) => server.log.warn('two upstreams claim one name', { kind, ...clash }),
    );
  }

  async #connect(exposure: Exposure): Promise<Connected> {
    const { upstream, upstreamNode } = exposure;
    const era = await upstream.eraFor('legacy');
    const key = isolationKeyOf(upstreamNode, this.principal, this.id);
    const link = era === 'modern' ? await upstream.modern(key) : await this.#legacyLink(exposure, key);
    return { link, catalogue: catalogueOf(link, '{}', this.#server.info, upstreamNode.timeouts.callMs) };
  }

  async #legacyLink(exposure: Exposure, isolationKey: string): Promise<Link> {
    const { upstream, upstreamNode } = exposure;
    const known = this.#links.get(upstream);
    if (known !== undefined) return known;
    const own = upstreamNode.type === 'http' || upstreamNode.isolation === 'per-session';
    const link = await upstream.legacy({
      capabilities: own ? this.#declaredCapabilities() : {},
      clientInfo: this.client.info,
      protocolVersion: this.version,
      isolationKey,
      listen: true,
      headers: [],
    });
    link.onUnsolicited = (text, message) => this.#unsolicited(link, text, message);
    link.onClosed = () => this.#lost(upstream, link);
    this.#links.set(upstream, link);
    if (this.#closed) this.#retire(upstream, link);
    if (this.logLevel !== undefined) void this.#tellLevel(link, this.logLevel);
    this.#resubscribe(link);
    return link;
  }

  /** A conversation that takes the place of a lost one knows nothing of what was subscribed to in that. */
  #resubscribe(link: Link): void {
    const context = { info: this.#server.info, capabilitiesText: '{}' };
    for (const [uri, upstream] of this.subscriptions)
      if (upstream === link.upstream)
        void ask(link, 'resources/subscribe', { uri }, context, TELL_TIMEOUT_MS).catch(() => undefined);
  }

  /** What upstreams are told: the client's capabilities under the ceiling of the server's features. */
  #declaredCapabilities(): Record<string, unknown> {
    const { features } = this.#server.node;
    const declared: Record<string, unknown> = {};
    for (const name of ['sampling', 'elicitation', 'roots'] as const)
      if (features[name] && this.client.capabilities[name] !== undefined)
        declared[name] = this.client.capabilities[name];
    return declared;
  }

  #retire(upstream: Upstream, link: Link): void {
    this.#links.delete(upstream);
    void link.close();
  }

  #lost(upstream: Upstream, link: Link): void {
    if (this.#links.get(upstream) === link) this.#links.delete(upstream);
    for (const [id, pending] of this.#pending) if (pending.link === link) this.#pending.delete(id);
  }

  #unsolicited(link: Link, text: string, message: UpstreamMessage): void {
    if (typeof message.method !== 'string') return;
    if (message.id !== undefined) {
      if (!this.askClient(link, text, (request) => this.streams.standalone.append(request)))
        refuseRequest(link, message);
      return;
    }
    noteChange(link, message.method);
    const uri = isObject(message.params) ? message.params.uri : undefined;
    if (this.#mayTell(message.method, uri)) this.streams.standalone.append(text);
  }

  #mayTell(method: string, uri: unknown): boolean {
    if (!UNSOLICITED.has(method) || !admitsMethod(this.#server.node.features, method)) return false;
    return method !== 'notifications/resources/updated' || (typeof uri === 'string' && this.#subscribed(uri));
  }

  /** An update may name a part of what was subscribed to. */
  #subscribed(uri: string): boolean {
    if (this.subscriptions.has(uri)) return true;
    for (const subscribed of this.subscriptions.keys()) if (isWithin(uri, subscribed)) return true;
    return false;
  }

  /** Hands a request of an upstream to the client by `send`. False: the client cannot have it. */
  askClient(link: Link, text: string, send: (request: string) => void): boolean {
    const root = membersAt(text, 0);
    const idText = memberText(text, root, 'id');
    const method = JSON.parse(memberText(text, root, 'method') ?? 'null') as string;
    const feature = CLIENT_METHODS.has(method) ? featureOf(method) : undefined;
    if (idText === undefined || feature === undefined || this.#pending.size >= MAX_PENDING) return false;
    if (!this.#server.node.features[feature] || this.client.capabilities[feature] === undefined) return false;
    const ownId = `"gw-${this.#nextRequest}"`;
    this.#nextRequest += 1;
    this.#pending.set(ownId, { link, idText });
    this.#noteProgressToken(link, text, root);
    send(applyEdits(text, [replaceMember(root, 'id', ownId)!]));
    return true;
  }

  /** The client's answer to a request of an upstream; an unknown id is ignored. */
  answer(idText: string, text: string): void {
    const pending = this.#pending.get(idText);
    if (pending === undefined) return;
    this.#pending.delete(idText);
    pending.link.send(applyEdits(text, [replaceMember(membersAt(text, 0), 'id', pending.idText)!]));
  }

  #noteProgressToken(link: Link, text: string, root: Members): void {
    const params = root.keys.indexOf('params');
    if (params < 0) return;
    const meta = memberText(text, membersAt(text, root.starts[params]!), '_meta');
    const tokenText = meta === undefined ? undefined : memberText(meta, membersAt(meta, 0), 'progressToken');
    if (tokenText === undefined) return;
    this.#progressOwners.set(tokenText, link);
    if (this.#progressOwners.size > MAX_PENDING)
      this.#progressOwners.delete(this.#progressOwners.keys().next().value!);
  }

  /** The client's progress on a request of an upstream; an unknown token is ignored. */
  progress(tokenText: string, text: string): void {
    this.#progressOwners.get(tokenText)?.send(text);
  }

  /** A call is under way and can be taken back. */
  started(idText: string, cancel: (reason: string) => void): void {
    this.#inFlight.set(idText, cancel);
  }

  finished(idText: string): void {
    this.#inFlight.delete(idText);
  }

  /** notifications/cancelled; an unknown id is ignored. */
  cancel(idText: string, reason: string): void {
    this.#inFlight.get(idText)?.(reason);
    this.#inFlight.delete(idText);
  }

  /** Sets the level for all upstreams that log. */
  async setLogLevel(level: string): Promise<void> {
    this.logLevel = level;
    await Promise.allSettled(this.links().map((link) => this.#tellLevel(link, level)));
  }

  async #tellLevel(link: Link, level: string): Promise<void> {
    if (link.peer.capabilities.logging === undefined) return;
    const context = { info: this.#server.info, capabilitiesText: '{}' };
    await ask(link, 'logging/setLevel', { level }, context, TELL_TIMEOUT_MS).catch(() => undefined);
  }

  /** Ends the streams, what is in flight, and the conversations upstream. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const cancel of this.#inFlight.values()) cancel('the session ended');
    this.#inFlight.clear();
    this.#pending.clear();
    this.streams.close();
    const links = this.links();
    this.#links.clear();
    await Promise.allSettled(links.map((link) => link.close()));
  }
}
