/** Requests to one HTTP/1.1 origin, over connections that are kept: one request at a time on each. */
import { TracelessError } from '../../errors.ts';
import { FairLine } from '../fair-line.ts';
import { shareOf, whoHas } from '../share.ts';
import { Absence, ENOUGH_ATTEMPTS } from './absence.ts';
import { type ConnectOptions, Connector, originOf } from './connect.ts';
import { Connection, type ConnectionOwner, NotConnectedInTime } from './connection.ts';
import { Outgoing, type ReplyTarget, type RequestText } from './outgoing.ts';

export interface ClientOptions extends ConnectOptions {
  /** The most connections at once; absent: as many as there are requests. */
  readonly connections?: number | undefined;
  /** The most requests that wait while all connections are in use; absent: as many as come. */
  readonly waiting?: number | undefined;
  readonly connectMs: number;
  /** For how long an unused connection is kept. */
  readonly idleMs: number;
}

/** So many requests wait for a connection that no more may. Its message is for the log. */
export class LineFull extends TracelessError {
  override readonly name = 'LineFull';
}

const SWEEP_MS = 1000;
const MIN_SWEEP_MS = 20;

export class HttpClient implements ConnectionOwner {
  readonly #connector: Connector;
  readonly #options: ClientOptions;
  readonly #maxConnections: number;
  readonly #maxWaiting: number;
  /** What one caller may have of either. */
  readonly #shareOfConnections: number;
  readonly #shareOfWaiting: number;
  readonly #connections = new Set<Connection>();
  /** The one that was used last comes first: the others grow old and go. */
  readonly #idle: Connection[] = [];
  /**
   * Free, but not for use before everything that has come meanwhile is read: a reply that nobody asked for, or the end
   * of the connection, must not meet the next request. What was freed in this turn, and what was in one before.
   */
  #freed: Connection[] = [];
  #resting: Connection[] = [];
  #turn: NodeJS.Immediate | undefined;
  readonly #waiting = new FairLine<Outgoing>();
  readonly #opening = new Set<Connection>();
  readonly #absence = new Absence();
  /** Connections that carry a request. */
  #inUse = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed: Error | undefined;
  readonly #drop = (request: Outgoing): void => this.#waiting.leave(request);

  constructor(origin: URL, options: ClientOptions) {
    this.#connector = new Connector(originOf(origin), options);
    this.#options = options;
    this.#maxConnections = options.connections ?? Number.POSITIVE_INFINITY;
    this.#maxWaiting = options.waiting ?? Number.POSITIVE_INFINITY;
    this.#shareOfConnections = shareOf(this.#maxConnections);
    this.#shareOfWaiting = shareOf(this.#maxWaiting);
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Sends a request, or keeps it until a connection is free, callers taking turns, and one of them having no more than
   * its share; it fails at once where too many wait, or, with `NotTried`, where enough connections were refused a moment
   * ago and it is no check.
   */
  send(text: RequestText, target: ReplyTarget): Outgoing {
    const request = new Outgoing(text, target, this.#drop);
    const obstacle = this.#obstacle(request.caller, text.isCheck === true);
    if (obstacle !== undefined) {
      request.fail(obstacle);
      return request;
    }
    this.#waiting.push(request);
    this.#turn ??= setImmediate(this.#onTurn);
    return request;
  }

  /** Breaks whatever is in flight, with `reason`. */
  close(reason: Error): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    clearInterval(this.#sweeper);
    clearImmediate(this.#turn);
    const waiting: Outgoing[] = [];
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      waiting.push(next);
    for (const connection of [...this.#connections]) connection.lose(reason);
    for (const request of waiting) request.fail(reason);
  }

  onFree(connection: Connection): void {
    this.#notInUse(connection);
    if (this.#opening.size > 0 && this.#opening.delete(connection)) {
      this.#absence.over();
      connection.idleUntilMs = performance.now() + this.#keptMs(connection);
      this.#idle.push(connection);
    } else this.#freed.push(connection);
    this.#turn ??= setImmediate(this.#onTurn);
    this.#sweeper ??= this.#startSweeper();
  }

  onGone(connection: Connection, cause: Error): void {
    this.#connections.delete(connection);
    this.#notInUse(connection);
    if (this.#opening.delete(connection)) this.#notOpened(cause);
    if (this.#waiting.length > 0) this.#turn ??= setImmediate(this.#onTurn);
  }

  /** Once in a turn of the event loop, when all that had come is read. */
  readonly #onTurn = (): void => {
    this.#turn = undefined;
    const nowMs = performance.now();
    for (const connection of this.#resting) this.#idle.push(connection);
    for (const connection of this.#freed) connection.idleUntilMs = nowMs + this.#keptMs(connection);
    this.#resting = this.#freed;
    this.#freed = [];
    while (this.#waiting.length > 0) {
      const connection = this.#takeIdle(nowMs);
      if (connection === undefined) break;
      const barred = this.#whoHasItsShare();
      const next = this.#waiting.shift(barred);
      if (next === undefined) {
        this.#idle.push(connection);
        break;
      }
      connection.isInUse = true;
      this.#inUse += 1;
      connection.send(next);
    }
    if (this.#waiting.length === 0) return;
    this.#waiting.wait();
    this.#grow();
    if (this.#resting.length > 0) this.#turn ??= setImmediate(this.#onTurn);
  };

  #obstacle(caller: string, isCheck: boolean): Error | undefined {
    if (this.#closed !== undefined) return this.#closed;
    if (this.#waiting.length >= this.#shareOfWaiting && !this.#hasRoom(caller))
      return new LineFull('too many requests wait for a connection');
    return this.#absence.isLikely && !isCheck ? this.#absence.errorAt(performance.now()) : undefined;
  }

  /** Whether one more of `caller` may wait: those that a connection is open or opened for do not count. */
  #hasRoom(caller: string): boolean {
    const free = this.#maxConnections - this.#inUse;
    if (this.#waiting.length >= this.#maxWaiting + free) return false;
    const share = this.#shareOfWaiting + free;
    return this.#waiting.length < share || this.#waiting.lengthOf(caller) < share;
  }

  /** Who waits although a connection is free, so that others find one: looked for only where few are. */
  #whoHasItsShare(): string | undefined {
    const share = this.#shareOfConnections;
    if (this.#inUse < share) return undefined;
    return whoHas(share, this.#connections);
  }

  #notInUse(connection: Connection): void {
    if (!connection.isInUse) return;
    connection.isInUse = false;
    this.#inUse -= 1;
  }

  #keptMs({ keptMs }: Connection): number {
    return Math.min(this.#options.idleMs, keptMs);
  }

  #startSweeper(): NodeJS.Timeout {
    const everyMs = Math.max(MIN_SWEEP_MS, Math.min(SWEEP_MS, this.#options.idleMs));
    return setInterval(() => this.#sweep(), everyMs).unref();
  }

  #takeIdle(nowMs: number): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isGone) continue;
      if (connection.idleUntilMs > nowMs) return connection;
      connection.destroy();
    }
  }

  /** A connection for each that waits and may have one, as far as more are allowed. */
  #grow(): void {
    const barred = this.#whoHasItsShare();
    const barredWaiting = barred === undefined ? 0 : this.#waiting.lengthOf(barred);
    while (
      this.#closed === undefined &&
      this.#waiting.length - barredWaiting > this.#opening.size + this.#resting.length &&
      this.#connections.size < this.#maxConnections &&
      !(this.#absence.isLikely && this.#opening.size >= ENOUGH_ATTEMPTS)
    )
      this.#open();
  }

  #open(): void {
    try {
      const connection = new Connection(this.#connector, this.#options.connectMs, this);
      this.#connections.add(connection);
      this.#opening.add(connection);
    } catch (thrown) {
      this.#waiting.shift()?.fail(thrown as Error);
    }
  }

  /** Each attempt to connect was made for one request. Those that wait without one go too, where no other is made yet. */
  #notOpened(cause: Error): void {
    const nowMs = performance.now();
    const isRefused = !(cause instanceof NotConnectedInTime) && this.#connections.size === this.#opening.size;
    if (isRefused) this.#absence.found(cause, nowMs);
    else this.#absence.over();
    this.#waiting.shift()?.fail(cause);
    const notTried = this.#absence.errorAt(nowMs);
    if (notTried === undefined) return;
    for (let left = this.#waiting.length - this.#opening.size; left > 0; left -= 1)
      this.#waiting.shift()?.fail(notTried);
  }

  /** Closes what has been idle for too long; what stays does not keep the process alive. */
  #sweep(): void {
    const nowMs = performance.now();
    const kept: Connection[] = [];
    for (const connection of this.#idle.splice(0)) {
      if (connection.isGone) continue;
      if (connection.idleUntilMs <= nowMs) connection.destroy();
      else {
        connection.letGo();
        kept.push(connection);
      }
    }
    this.#idle.push(...kept);
    const unrested = this.#freed.length + this.#resting.length;
    if (unrested > 0) this.#turn ??= setImmediate(this.#onTurn);
    if (kept.length > 0 || unrested > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
