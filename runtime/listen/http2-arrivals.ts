/**
 * Streams of HTTP/2 that have come and are not served yet. They are served at the end of the turn in which they came:
 * what a client has reset by then costs little (CVE-2023-44487), and with many of those its connection ends at once.
 */
import { constants, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { RESET_BURST, RESETS_PER_SECOND } from './create-server.ts';

/** A request as it came. */
export interface Arrival {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

interface Waiting extends Arrival {
  readonly onClose: () => void;
}

/** What a session has reset before it was served, less what it may since. */
interface Resets {
  count: number;
  atMs: number;
}

const ignore = (): void => undefined;

export class Http2Arrivals {
  readonly #serve: (arrival: Arrival) => void;
  readonly #onExcess: () => void;
  readonly #resets = new WeakMap<Http2Session, Resets>();
  #waiting: Waiting[] = [];

  /**
   * @param serve is given each stream that is still open at the end of its turn
   * @param onExcess is told of each session that ended because it reset too many
   */
  constructor(serve: (arrival: Arrival) => void, onExcess: () => void) {
    this.#serve = serve;
    this.#onExcess = onExcess;
  }

  add(arrival: Arrival): void {
    const { stream } = arrival;
    const { session } = stream;
    stream.on('error', ignore);
    if (session === undefined || stream.destroyed) return;
    const onClose = (): void => this.#count(session);
    stream.once('close', onClose);
    if (this.#waiting.push({ ...arrival, onClose }) === 1) setImmediate(() => this.#endTurn());
  }

  /** Node.js counts as well, but reads on to the end of what has come: hundreds of streams. */
  #count(session: Http2Session): void {
    if (session.destroyed) return;
    const nowMs = performance.now();
    const resets = this.#resets.get(session) ?? { count: 0, atMs: nowMs };
    const forgiven = ((nowMs - resets.atMs) * RESETS_PER_SECOND) / 1000;
    resets.count = Math.max(0, resets.count - forgiven) + 1;
    resets.atMs = nowMs;
    this.#resets.set(session, resets);
    if (resets.count <= RESET_BURST) return;
    session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#onExcess();
  }

  #endTurn(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const { stream } = each;
      if (stream.destroyed || stream.closed) continue;
      stream.off('close', each.onClose);
      this.#serve(each);
    }
  }
}
