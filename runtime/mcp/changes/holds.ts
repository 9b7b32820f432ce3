/**
 * resources/subscribe at legacy upstreams, counted: what several want is subscribed to once, and given back when
 * nobody wants it any more. Counted by whom the upstream takes for one subscriber.
 */
import type { Link } from '../../upstream/link.ts';
import { ask, type GatewayInfo } from '../ask.ts';

interface Hold {
  readonly holders: Set<object>;
  /** Whether the upstream has accepted it. */
  isSubscribed: boolean;
  /** Settles when all that was asked of the upstream so far is answered: its order must be that of the wishes. */
  last: Promise<void>;
}

export class Holds {
  readonly #holds = new Map<string, Hold>();

  /** Whether anybody but `holder` holds it. */
  isHeldBeside(uri: string, holder: object): boolean {
    const holders = this.#holds.get(uri)?.holders;
    return holders !== undefined && holders.size > (holders.has(holder) ? 1 : 0);
  }

  /** `holder` has subscribed by itself. */
  note(uri: string, holder: object): void {
    const hold = this.#hold(uri);
    hold.holders.add(holder);
    hold.isSubscribed = true;
  }

  /** `holder` gives it back, and unsubscribes by itself if it was the last. */
  forget(uri: string, holder: object): void {
    const hold = this.#holds.get(uri);
    hold?.holders.delete(holder);
    if (hold?.holders.size === 0) this.#holds.delete(uri);
  }

  /** Resolves to whether the upstream has it subscribed; never rejects. */
  async acquire(
    uri: string,
    holder: object,
    link: Link,
    info: GatewayInfo,
    timeoutMs: number,
  ): Promise<boolean> {
    const hold = this.#hold(uri);
    hold.holders.add(holder);
    hold.last = hold.last.then(async () => {
      if (!hold.isSubscribed && hold.holders.size > 0)
        hold.isSubscribed = await tell(link, 'resources/subscribe', uri, info, timeoutMs);
    });
    await hold.last;
    if (!hold.isSubscribed) this.forget(uri, holder);
    return hold.isSubscribed && hold.holders.has(holder);
  }

  /** `holder` gives it back; resolves when the upstream knows, where it was the last. Never rejects. */
  async release(
    uri: string,
    holder: object,
    link: Link,
    info: GatewayInfo,
    timeoutMs: number,
  ): Promise<void> {
    const hold = this.#holds.get(uri);
    if (hold === undefined || !hold.holders.delete(holder)) return;
    hold.last = hold.last.then(async () => {
      if (hold.holders.size > 0) return;
      const { isSubscribed } = hold;
      hold.isSubscribed = false;
      if (isSubscribed && !link.closed) await tell(link, 'resources/unsubscribe', uri, info, timeoutMs);
      if (hold.holders.size === 0 && this.#holds.get(uri) === hold) this.#holds.delete(uri);
    });
    await hold.last;
  }

  #hold(uri: string): Hold {
    const known = this.#holds.get(uri);
    if (known !== undefined) return known;
    const made: Hold = { holders: new Set(), isSubscribed: false, last: Promise.resolve() };
    this.#holds.set(uri, made);
    return made;
  }
}

const tell = (
  link: Link,
  method: string,
  uri: string,
  info: GatewayInfo,
  timeoutMs: number,
): Promise<boolean> =>
  ask(link, method, { uri }, { info, capabilitiesText: '{}' }, timeoutMs).then(
    () => true,
    () => false,
  );

const bySubscriber = new WeakMap<object, Holds>();

/** What is held at the upstream of a link. */
export const holdsOf = ({ subscriber }: Link): Holds => {
  const known = bySubscriber.get(subscriber);
  if (known !== undefined) return known;
  const made = new Holds();
  bySubscriber.set(subscriber, made);
  return made;
};
