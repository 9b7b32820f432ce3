/** Tells when files of the running configuration hold other bytes than those that were loaded. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { hasChanged, type Snapshot } from './snapshot.ts';
import { type WatchedPaths, watchedPaths } from './watched-paths.ts';

interface WatcherTimes {
  /** Quiet after an event before the files are read. */
  readonly settleMs: number;
  /** The longest wait for quiet. */
  readonly settleCapMs: number;
  /** How often the files are compared whatever was or was not reported: the net under the events. */
  readonly pollMs: number;
  readonly backoffMs: number;
  readonly backoffCapMs: number;
}

const DEFAULT_TIMES: WatcherTimes = {
  settleMs: 50,
  settleCapMs: 500,
  pollMs: 2_000,
  backoffMs: 100,
  backoffCapMs: 30_000,
};

export interface WatcherOptions {
  /** The files differ from the snapshot and have settled. Nothing more is told until `watch` is called again. */
  readonly onChange: () => void;
  /** An event that shows that something is going on; `onChange` may follow. */
  readonly onSettling?: () => void;
  /** Watching failed and will be set up again; the comparison of contents goes on. */
  readonly onError?: (error: unknown) => void;
  readonly times?: Partial<WatcherTimes>;
}

/**
 * Events are read until there are none, before anything else is done: who makes them faster than they are read would
 * have the thread for itself. More than this without a turn for others are such a flood.
 */
const MAX_EVENTS_IN_A_TURN = 500;

const NO_PATHS: WatchedPaths = { directories: new Set(), entries: new Set(), listed: new Set() };

/** Which directories these paths lead to now: one that was removed and made anew is another. */
const identitiesOf = async (directories: ReadonlySet<string>): Promise<ReadonlySet<string>> =>
  new Set(
    await Promise.all(
      Array.from(directories, async (path) => {
        const status = await stat(path, { bigint: true }).catch(() => undefined);
        return `${path} ${status?.dev} ${status?.ino}`;
      }),
    ),
  );

/**
 * Directory events say when to look, a comparison of contents says whether anything changed: saves in place, renames
 * over a file, swaps of a link on the way to it, and what no event tells.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #times: WatcherTimes;
  /** Undefined between a reported change and the next `watch`. */
  #snapshot: Snapshot | undefined;
  #paths = NO_PATHS;
  #identities: ReadonlySet<string> = new Set();
  #events: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #settleBy = 0;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #eventsInTurn = 0;
  #checking: Promise<void> | undefined;
  #checkAgain = false;
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
  }

  /**
   * From here on, `snapshot` is what the files are compared with. Resolves when events of their directories are
   * received; at once where watching pauses. What changed since the snapshot was taken is noticed too.
   */
  async watch(snapshot: Snapshot): Promise<void> {
    if (this.#closed) return;
    this.#snapshot = snapshot;
    this.#poll ??= setInterval(() => this.#check(), this.#times.pollMs).unref();
    const paths = await watchedPaths(snapshot.keys());
    const identities = await identitiesOf(paths.directories);
    if (this.#closed || this.#snapshot !== snapshot) return;
    const isSame = identities.symmetricDifference(this.#identities).size === 0;
    this.#paths = paths;
    this.#identities = identities;
    if (!isSame || (this.#events === undefined && this.#retry === undefined)) await this.#subscribe();
    this.#settle();
  }

  /** Tells nothing until `watch` is called again. */
  async rest(): Promise<void> {
    this.#snapshot = undefined;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    clearTimeout(this.#retry);
    this.#poll = undefined;
    this.#settling = undefined;
    this.#retry = undefined;
    const events = this.#events;
    this.#events = undefined;
    this.#paths = NO_PATHS;
    this.#identities = new Set();
    await events?.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.rest();
    await this.#checking;
  }

  async #subscribe(): Promise<void> {
    const previous = this.#events;
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const events = watch([...this.#paths.directories], {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      atomic: false,
      persistent: false,
    });
    this.#events = events;
    events.on('all', (_event, path) => {
      if (this.#paths.entries.has(path) || this.#paths.listed.has(dirname(path))) this.#settle();
    });
    events.on('raw', () => {
      if (!this.#isFlood()) return;
      resolve();
      this.#pause(events, this.#times.settleCapMs);
    });
    events.on('error', (error) => {
      resolve();
      this.#recover(events, error);
    });
    events.on('ready', resolve);
    await ready;
    if (this.#events === events) this.#failures = 0;
    await previous?.close();
  }

  #isFlood(): boolean {
    if (this.#eventsInTurn === 0) setImmediate(() => (this.#eventsInTurn = 0));
    this.#eventsInTurn += 1;
    return this.#eventsInTurn > MAX_EVENTS_IN_A_TURN;
  }

  #recover(failed: FSWatcher, error: unknown): void {
    if (this.#closed || this.#events !== failed) return;
    this.#options.onError?.(error);
    this.#pause(failed, Math.min(this.#times.backoffMs * 2 ** this.#failures, this.#times.backoffCapMs));
    this.#failures += 1;
  }

  /** Receives no events for a while; then the files are looked at whatever happened meanwhile. */
  #pause(events: FSWatcher, pauseMs: number): void {
    if (this.#closed || this.#events !== events) return;
    this.#events = undefined;
    void events.close();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#closed || this.#events !== undefined) return;
      void this.#subscribe().then(() => this.#settle());
    }, pauseMs).unref();
  }

  /** Looks at the files once no event has come for a while. */
  #settle(): void {
    if (this.#closed) return;
    const now = performance.now();
    if (this.#settling === undefined) this.#settleBy = now + this.#times.settleCapMs;
    clearTimeout(this.#settling);
    const delayMs = Math.max(0, Math.min(this.#times.settleMs, this.#settleBy - now));
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#check();
    }, delayMs);
    this.#options.onSettling?.();
  }

  #check(): void {
    const snapshot = this.#snapshot;
    if (this.#closed || snapshot === undefined || this.#settling !== undefined) return;
    if (this.#checking !== undefined) {
      this.#checkAgain = true;
      return;
    }
    this.#checkAgain = false;
    this.#checking = hasChanged(snapshot).then((changed) => {
      this.#checking = undefined;
      if (this.#closed) return;
      if (changed && this.#snapshot === snapshot) {
        this.#snapshot = undefined;
        this.#options.onChange();
      } else if (this.#checkAgain) this.#check();
    });
  }
}
