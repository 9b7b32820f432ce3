/** The gateway under test: the sources as a process of their own, with one module more that obeys the soak. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Held, Order } from './inside.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Debian's place for the library, on any architecture. */
const clockLibrary = (): string | undefined =>
  readdirSync('/usr/lib')
    .map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`)
    .find(existsSync);

const isZombie = (pid: number): boolean => {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
};

const START_DEADLINE_MS = 30_000;
const TELL_DEADLINE_MS = 5_000;
const POLL_MS = 50;

export interface GatewayOptions {
  /** Holds gateway.yaml, and is watched. */
  readonly configurationFolder: string;
  /** Where the log and the state are written. */
  readonly stateFolder: string;
  /** Where the clock's offset is written. */
  readonly clockFolder: string;
  readonly opsPort: number;
  readonly workers: number;
}

/** What the process holds, as the system and its own threads see it. */
export interface Holding {
  readonly residentBytes: number;
  readonly handles: number;
  /** Processes of stdio upstreams that live. */
  readonly children: number;
  /** Such that are dead and that nobody has waited for. */
  readonly zombies: number;
  readonly threads: readonly Held[];
}

export class GatewayProcess implements AsyncDisposable {
  readonly pid: number;
  readonly canJump: boolean;
  readonly #options: GatewayOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(options: GatewayOptions) {
    this.#options = options;
    const library = clockLibrary();
    this.canJump = library !== undefined;
    this.setClock('+0');
    const clock =
      library === undefined
        ? {}
        : {
            LD_PRELOAD: library,
            FAKETIME_TIMESTAMP_FILE: this.#clockFile,
            FAKETIME_CACHE_DURATION: '1',
            // What is measured from one moment to another goes on as ever: that is what such clocks are for.
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
          };
    const log = openSync(this.logFile, 'a');
    this.#child = spawn(
      process.execPath,
      [
        '--expose-gc',
        '--max-semi-space-size=32',
        '--import',
        file('inside.ts'),
        file('../../cli/main.ts'),
        ...['run', join(options.configurationFolder, 'gateway.yaml')],
        ...['--state', join(options.stateFolder, 'accepted'), '--last-known-good'],
      ],
      {
        stdio: ['ignore', 'ignore', log, 'ipc'],
        env: { PATH: process.env.PATH, TMPDIR: options.stateFolder, ...clock },
      },
    );
    this.pid = this.#child.pid!;
    this.#ended = once(this.#child, 'exit').then(([code]) => code as number | null);
  }

  static async start(options: GatewayOptions): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(options);
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    while (!(await gateway.#isReady())) {
      if (performance.now() > deadlineMs || gateway.hasEnded)
        throw new Error(`the gateway does not start: ${readFileSync(gateway.logFile, 'utf8')}`);
      await delay(POLL_MS);
    }
    return gateway;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get logFile(): string {
    return join(this.#options.stateFolder, 'gateway.log');
  }

  get #clockFile(): string {
    return join(this.#options.clockFolder, 'clock');
  }

  /** Sets its clock off, as faketime writes offsets. */
  setClock(offset: string): void {
    writeFileSync(`${this.#clockFile}.new`, `${offset}\n`);
    renameSync(`${this.#clockFile}.new`, this.#clockFile);
  }

  /** Ends one of the threads that serve. */
  killThread(choice: number): void {
    this.#send({ kill: choice });
  }

  /** Its processes of stdio upstreams that live. */
  children(): readonly number[] {
    return this.#processes().filter((pid) => !isZombie(pid));
  }

  /** With those that are dead and were never waited for: a thread that is ended has nobody who would. */
  #processes(): readonly number[] {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).flatMap((task) => {
      try {
        const text = readFileSync(`${tasks}/${task}/children`, 'utf8').trim();
        return text === '' ? [] : text.split(' ').map(Number);
      } catch {
        return [];
      }
    });
  }

  async reload(): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.#opsUrl}/-/reload`, { method: 'POST' });
    return { status: response.status, text: await response.text() };
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever it tells
  async status(): Promise<any> {
    return (await fetch(`${this.#opsUrl}/-/status`)).json();
  }

  async holding(): Promise<Holding> {
    const threads = await this.#held();
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    return {
      residentBytes: Number(kilobytes) * 1024,
      handles: readdirSync(`/proc/${this.pid}/fd`).length,
      children: this.children().length,
      zombies: this.#processes().filter(isZombie).length,
      threads,
    };
  }

  /** Its exit code after SIGTERM, and how long it took. */
  async end(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const startedMs = performance.now();
    this.#child.kill('SIGTERM');
    const code = await this.#ended;
    return { code, tookMs: performance.now() - startedMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  get #opsUrl(): string {
    return `http://127.0.0.1:${this.#options.opsPort}`;
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.#opsUrl}/-/ready`)).ok;
    } catch {
      return false;
    }
  }

  async #held(): Promise<readonly Held[]> {
    const threads: Held[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const take = (held: unknown): void => {
      threads.push(held as Held);
      if (threads.length === this.#options.workers + 1) resolve();
    };
    const late = setTimeout(
      () => reject(new Error('a thread does not tell what it holds')),
      TELL_DEADLINE_MS,
    );
    this.#child.on('message', take);
    this.#send({ ask: 1 });
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#child.off('message', take);
    }
    return threads.sort((one, other) => one.thread - other.thread);
  }

  #send(order: Order): void {
    this.#child.send(order, () => undefined);
  }
}
