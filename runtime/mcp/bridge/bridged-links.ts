/**
 * Legacy conversations that the gateway holds with one upstream for modern clients: one for each principal and set of
 * abilities, because a legacy session is told once and for all what its client can be asked.
 */
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Principal } from '../../../schema/principal.ts';
import { GatewayError } from '../../errors.ts';
import { upstreamError } from '../../upstream/failure.ts';
import type { Link, Upstream } from '../../upstream/link.ts';
import type { Message as UpstreamMessage } from '../../upstream/message.ts';
import { ask, type GatewayInfo, refuseRequest } from '../ask.ts';
import { headersKey } from '../caller-headers.ts';
import { isFollowed, tellChange, tellGap, tellLost } from '../changes/feeds.ts';
import { isolationKeyOf } from '../exposure.ts';
import { declaredCapabilities } from '../input/declared-capabilities.ts';
import { LATEST_LEGACY_VERSION } from '../revision.ts';
import { LinkCalls } from './link-calls.ts';

const MAX_LINKS = 1000;

interface Held {
  readonly opening: Promise<Link>;
  /** Absent while it is being opened. */
  link: Link | undefined;
  /** How many requests it had had when it was looked at last. */
  requests: number;
  /** Which of all that were asked for was the last for it. */
  asked: number;
}

/** Nothing tells whose call a question of a shared process belongs to: it is told that nobody can be asked. */
const NONE = declaredCapabilities({});

/** Whether a conversation is being opened, has calls, or tells somebody of changes. */
const isInUse = ({ link }: Held): boolean => link?.activity?.().inFlight !== 0 || isFollowed(link);

/** Held as long as its upstream; a conversation that nobody uses for the upstream's `idle` time is ended. */
export class BridgedLinks {
  readonly #upstream: Upstream;
  readonly #node: UpstreamNode;
  readonly #info: GatewayInfo;
  readonly #links = new Map<string, Held>();
  #asked = 0;
  readonly #calls = new WeakMap<Link, LinkCalls>();
  readonly #reaper: NodeJS.Timeout;

  constructor(upstream: Upstream, node: UpstreamNode, info: GatewayInfo) {
    this.#upstream = upstream;
    this.#node = node;
    this.#info = info;
    this.#reaper = setInterval(() => this.#reap(), node.timeouts.idleMs).unref();
  }

  /**
   * The conversation for a principal whose client declares `capabilities` and sent these headers; opened on first use and after it was lost.
   * Rejects with a GatewayError.
   */
  link(principal: Principal, capabilities: unknown, callerHeaders: readonly string[]): Promise<Link> {
    const declared = this.#isShared ? NONE : declaredCapabilities(capabilities);
    const fingerprint = JSON.stringify(declared);
    const key = `${isolationKeyOf(this.#node, principal)}\n${fingerprint}${headersKey(callerHeaders)}`;
    const known = this.#links.get(key);
    this.#asked += 1;
    if (known !== undefined) {
      known.asked = this.#asked;
      return known.opening;
    }
    if (this.#links.size >= MAX_LINKS && !this.#evict())
      return Promise.reject(upstreamError('upstream_unavailable', 'too many conversations are in use'));
    const opening = this.#open(key, isolationKeyOf(this.#node, principal), declared, callerHeaders);
    const held: Held = { opening, link: undefined, requests: -1, asked: this.#asked };
    this.#links.set(key, held);
    opening.then(
      (link) => {
        held.link = link;
      },
      () => this.#forget(key, held),
    );
    return opening;
  }

  /** The calls that are under way on one of these conversations. */
  callsOn(link: Link): LinkCalls {
    const known = this.#calls.get(link);
    if (known === undefined)
      throw new GatewayError('internal', 'internal error', { cause: 'not a bridged link' });
    return known;
  }

  get #isOwnProcess(): boolean {
    return this.#node.type === 'stdio' && this.#node.isolation !== 'shared';
  }

  get #isShared(): boolean {
    return this.#node.type === 'stdio' && this.#node.isolation === 'shared';
  }

  async #open(
    key: string,
    isolationKey: string,
    declared: typeof NONE,
    callerHeaders: readonly string[],
  ): Promise<Link> {
    const mayAsk = declared !== NONE && Object.keys(declared).length > 0;
    const link = await this.#upstream.legacy({
      capabilities: declared,
      clientInfo: this.#info,
      protocolVersion: LATEST_LEGACY_VERSION,
      // A process is told once what its client can be asked.
      isolationKey: mayAsk ? key : isolationKey,
      caller: isolationKey,
      listen: true,
      headers: callerHeaders,
    });
    const calls = new LinkCalls(mayAsk, this.#node.type === 'stdio');
    this.#calls.set(link, calls);
    link.onUnsolicited = (text, message) => this.#unsolicited(link, calls, text, message);
    link.onGap = () => tellGap(link);
    link.onClosed = () => {
      this.#lost(key, link);
      tellLost(link);
    };
    if (!this.#isShared && link.peer.capabilities.logging !== undefined) await this.#tellLevel(link);
    return link;
  }

  /** What belongs to no stream of a call belongs to the only call there is, or to none. */
  #unsolicited(link: Link, calls: LinkCalls, text: string, message: UpstreamMessage): void {
    const { only } = calls;
    const isRequest = message.id !== undefined && message.method !== undefined;
    if (isRequest && only !== undefined) only.asked({ text, message });
    else if (isRequest) refuseRequest(link, message);
    else if (typeof message.method !== 'string') return;
    else if (message.method === 'notifications/cancelled') only?.told(text, message);
    // Over HTTP a message of a call comes on its stream; a process has but one.
    else if (message.method === 'notifications/message' && this.#isOwnProcess) only?.told(text, message);
    else tellChange(link, text, message);
  }

  /** All levels are asked for, because each request has its own; what it did not ask for is dropped later. */
  async #tellLevel(link: Link): Promise<void> {
    const context = { info: this.#info, capabilitiesText: '{}' };
    const { connectMs } = this.#node.timeouts;
    await ask(link, 'logging/setLevel', { level: 'debug' }, context, connectMs).catch(() => undefined);
  }

  #lost(key: string, link: Link): void {
    const held = this.#links.get(key);
    void held?.opening.then((open) => {
      if (open === link) this.#forget(key, held);
    });
  }

  #forget(key: string, held: Held): void {
    if (this.#links.get(key) === held) this.#links.delete(key);
  }

  /** Ends what nobody has used since the last time. A process that is shared is everybody's and stays. */
  #reap(): void {
    if (this.#isShared) return;
    for (const [key, held] of this.#links) {
      const activity = held.link?.activity?.();
      if (activity === undefined || isInUse(held)) continue;
      if (activity.requests === held.requests) this.#end(key, held);
      else held.requests = activity.requests;
    }
  }

  /** Ends the conversation that was asked for longest ago of those that are not in use. False if all are in use. */
  #evict(): boolean {
    const idle = [...this.#links].filter(([, held]) => !isInUse(held));
    if (idle.length === 0) return false;
    this.#end(...idle.reduce((oldest, each) => (each[1].asked < oldest[1].asked ? each : oldest)));
    return true;
  }

  #end(key: string, held: Held): void {
    this.#links.delete(key);
    void held.link?.close();
  }

  /** Ends all conversations. */
  async close(): Promise<void> {
    clearInterval(this.#reaper);
    const open = [...this.#links.values()];
    this.#links.clear();
    await Promise.allSettled(open.map(async ({ opening }) => (await opening).close()));
  }
}
