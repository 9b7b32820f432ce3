/** Legacy conversations that the gateway holds with one upstream for modern clients, one for each principal. */
import type { UpstreamNode } from '../../../schema/graph/upstream.ts';
import type { Principal } from '../../../schema/principal.ts';
import type { Link, Upstream } from '../../upstream/link.ts';
import { ask, type GatewayInfo, refuseRequest } from '../ask.ts';
import { noteChange } from '../catalogues.ts';
import { isolationKeyOf } from '../exposure.ts';
import { LATEST_LEGACY_VERSION } from '../revision.ts';

const MAX_LINKS = 1000;

/** Held as long as its upstream; the least recently used conversation is closed when there are too many. */
export class BridgedLinks {
  readonly #upstream: Upstream;
  readonly #node: UpstreamNode;
  readonly #info: GatewayInfo;
  readonly #links = new Map<string, Promise<Link>>();

  constructor(upstream: Upstream, node: UpstreamNode, info: GatewayInfo) {
    this.#upstream = upstream;
    this.#node = node;
    this.#info = info;
  }

  /** The conversation for a principal; opened on first use and after it was lost. */
  link(principal: Principal): Promise<Link> {
    const key = isolationKeyOf(this.#node, principal);
    const known = this.#links.get(key);
    if (known !== undefined) {
      this.#links.delete(key);
      this.#links.set(key, known);
      return known;
    }
    const opened = this.#open(key);
    this.#links.set(key, opened);
    opened.catch(() => this.#forget(key, opened));
    if (this.#links.size > MAX_LINKS) this.#evict();
    return opened;
  }

  async #open(key: string): Promise<Link> {
    const link = await this.#upstream.legacy({
      capabilities: {},
      clientInfo: this.#info,
      protocolVersion: LATEST_LEGACY_VERSION,
      isolationKey: key,
      listen: true,
      headers: [],
    });
    link.onUnsolicited = (_text, message) => {
      refuseRequest(link, message);
      if (typeof message.method === 'string') noteChange(link, message.method);
    };
    link.onClosed = () => this.#lost(key, link);
    if (this.#node.type === 'http' && link.peer.capabilities.logging !== undefined)
      await this.#tellLevel(link);
    return link;
  }

  /** All levels are asked for, because each request has its own; what it did not ask for is dropped later. */
  async #tellLevel(link: Link): Promise<void> {
    const context = { info: this.#info, capabilitiesText: '{}' };
    const { connectMs } = this.#node.timeouts;
    await ask(link, 'logging/setLevel', { level: 'debug' }, context, connectMs).catch(() => undefined);
  }

  #lost(key: string, link: Link): void {
    const held = this.#links.get(key);
    void held?.then((open) => {
      if (open === link && this.#links.get(key) === held) this.#links.delete(key);
    });
  }

  #forget(key: string, opened: Promise<Link>): void {
    if (this.#links.get(key) === opened) this.#links.delete(key);
  }

  #evict(): void {
    const oldest = this.#links.entries().next().value;
    if (oldest === undefined) return;
    const [key, link] = oldest;
    this.#links.delete(key);
    link.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  /** Ends all conversations. */
  async close(): Promise<void> {
    const open = [...this.#links.values()];
    this.#links.clear();
    await Promise.allSettled(open.map(async (link) => (await link).close()));
  }
}
