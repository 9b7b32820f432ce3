/** The addresses that are served, and by which listener each is: both last for as long as the configuration lets them. */
import type { ListenerNode } from '../../schema/graph/listener.ts';
import type { BindTogether } from './bind.ts';
import { BoundAddress } from './bound-address.ts';
import type { Listener } from './listener.ts';
import { addressFingerprint, kindFingerprint } from './socket-fingerprint.ts';

/** A listener at its address; it serves once it was swapped in. */
export interface BoundListener {
  readonly listener: Listener;
  readonly address: BoundAddress;
  /** Of the address. */
  readonly key: string;
  /** What a listener cannot take over in place. */
  readonly kind: string;
}

interface EndBounds {
  /** Idle connections may still send for this long. */
  readonly windowMs: number;
  /** What is open then is cut. */
  readonly deadlineMs: number;
}

/** @param memory that threads count its connections in */
type CreateListener = (
  node: ListenerNode,
  address: BoundAddress,
  memory: SharedArrayBuffer | undefined,
) => Listener;

/** What threads share of a listener. */
interface SharedListener {
  /** Set where several threads take connections at one address. */
  readonly together?: BindTogether | undefined;
  readonly memory?: SharedArrayBuffer | undefined;
}

export class BoundListeners {
  readonly #create: CreateListener;
  #serving: ReadonlyMap<string, BoundListener> = new Map();
  /** Listeners that no address leads to any more and that have connections yet. */
  readonly #ending = new Set<Listener>();

  constructor(create: CreateListener) {
    this.#create = create;
  }

  /**
   * A listener for the node: the one that serves its address, another one that will take over from it, or one at an
   * address that is bound for it. Rejects with the system's error.
   */
  async prepare(node: ListenerNode, { together, memory }: SharedListener): Promise<BoundListener> {
    const [key, kind] = [addressFingerprint(node), kindFingerprint(node)];
    const serving = this.#serving.get(key);
    if (serving?.kind === kind) return serving;
    const address = serving?.address ?? new BoundAddress(node.bind);
    if (serving === undefined) await address.listen(together);
    try {
      return { key, kind, address, listener: this.#create(node, address, memory) };
    } catch (thrown) {
      if (serving === undefined) address.close();
      throw thrown;
    }
  }

  /** Ends what was prepared and never swapped in; leaves alone what was. */
  async giveBack({ key, listener, address }: BoundListener): Promise<void> {
    if (listener.isServing) return;
    if (this.#serving.get(key)?.address !== address) address.close();
    await listener.close(0, 0);
  }

  /** From here on these listeners serve, each by its node. Others take no connection and end within the bounds. */
  swap(
    next: readonly (readonly [node: ListenerNode, bound: BoundListener])[],
    { windowMs, deadlineMs }: EndBounds,
  ): void {
    const previous = this.#serving;
    this.#serving = new Map(next.map(([, bound]) => [bound.key, bound]));
    for (const [node, { listener, address }] of next) {
      listener.renew(node);
      if (!listener.isServing) listener.serve();
      address.attach(listener);
    }
    for (const { key, listener, address } of previous.values()) {
      const now = this.#serving.get(key);
      if (now === undefined) address.close();
      if (now?.listener === listener) continue;
      this.#ending.add(listener);
      void listener.close(windowMs, deadlineMs).then(() => this.#ending.delete(listener));
    }
  }

  /** Has requests that may go on no longer fail, at listeners that serve and that end. */
  cut(...meant: Parameters<Listener['cut']>): void {
    for (const { listener } of this.#serving.values()) listener.cut(...meant);
    for (const listener of this.#ending) listener.cut(...meant);
  }

  /** Ends all but those of operations. Resolves when no exchange is open on them. */
  async closeTraffic(bounds: EndBounds): Promise<void> {
    const { windowMs, deadlineMs } = bounds;
    await Promise.all([
      ...Array.from(this.#ending, (listener) => listener.close(windowMs, deadlineMs)),
      this.#close(bounds, ({ listener }) => !listener.isForOperations),
    ]);
  }

  async closeOperations(bounds: EndBounds): Promise<void> {
    await this.#close(bounds, ({ listener }) => listener.isForOperations);
  }

  async #close(
    { windowMs, deadlineMs }: EndBounds,
    isMeant: (bound: BoundListener) => boolean,
  ): Promise<void> {
    const meant = [...this.#serving.values()].filter(isMeant);
    for (const { address } of meant) address.close();
    await Promise.all(meant.map(({ listener }) => listener.close(windowMs, deadlineMs)));
  }
}
