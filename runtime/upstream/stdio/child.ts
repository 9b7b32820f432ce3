/** One child process of a stdio upstream: its start, its pipes and its end. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { StdioUpstreamNode } from '../../../schema/graph/upstream.ts';
import type { UpstreamContext } from '../context.ts';
import { findExecutable } from './command.ts';
import { LineReader, type MessageSink } from './line-reader.ts';
import { StderrLog } from './stderr-log.ts';

/** What waits for a child that does not read is bounded. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** So many characters go out at once, whatever is left of the turn: gathering more of them saves nothing. */
const MAX_GATHERED = 64 * 1024;

/** How long each step of a stop waits for the next: end of input, SIGTERM, SIGKILL. */
const STOP_STEP_MS = 2000;

/** Of what is left when the gateway ends: so that the last comes before it is over. */
const STOP_STEP_SHARE = 0.4;

/** How long after its exit a child's last output is waited for: a grandchild may hold the pipe open. */
const DRAIN_MS = 100;

export interface ChildOwner extends MessageSink {
  /** Called once. `cause` is for the log. */
  onExit(cause: string): void;
}

/** Leaders of groups. */
const alive = new Set<number>();
let tell: ((pids: readonly number[]) => void) | undefined;

/** Tells `listener` which children of this thread live, whenever that changes. */
export const tellChildren = (listener: (pids: readonly number[]) => void): void => {
  tell = listener;
};

const changed = (): void => tell?.([...alive]);

/** Ends all of this thread at once. */
export const killChildren = (): void => {
  for (const pid of alive)
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
};

/** Whatever ends the gateway, its children end too. */
process.on('exit', killChildren);

export class Child {
  readonly pid: number;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  readonly #msToEnd: () => number;
  #gone = false;
  #stopping = false;
  /** Lines of this turn of the event loop, which go out together at its end: a write of each costs as much as all. */
  #unsent = '';

  /** Starts the program with exactly the environment of the node. Rejects if it cannot be started. */
  static async start(node: StdioUpstreamNode, context: UpstreamContext, owner: ChildOwner): Promise<Child> {
    const cwd = resolve(context.baseDirectory, node.directory);
    const { file, args } = await findExecutable(node.command, node.args, cwd, process.env.PATH ?? '');
    // Named so that Node does not add it from its own environment.
    const env = { NODE_V8_COVERAGE: undefined, ...node.env };
    const options = { cwd, env, shell: false, detached: true, windowsHide: true } as const;
    const started = spawn(file, [...args], options);
    // At once: whatever comes now, it is known whose it is.
    if (started.pid !== undefined) {
      alive.add(started.pid);
      changed();
    }
    await new Promise<void>((resolveStart, reject) => {
      started.once('spawn', resolveStart).once('error', reject);
    });
    return new Child(started, owner, context, node.name);
  }

  private constructor(
    started: ChildProcessWithoutNullStreams,
    owner: ChildOwner,
    context: UpstreamContext,
    upstream: string,
  ) {
    const stderr = new StderrLog(context, upstream);
    this.pid = started.pid!;
    this.#process = started;
    this.#msToEnd = context.msToEnd ?? (() => Number.POSITIVE_INFINITY);
    const lines = new LineReader(started.stdout, owner);
    started.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    for (const pipe of [started.stdin, started.stdout, started.stderr]) pipe.on('error', () => undefined);
    // It can be asked nothing any more, and nobody would start another while it lives.
    started.stdin.once('close', () => {
      if (this.#gone || this.#stopping) return;
      context.log('warn', 'upstream process has closed its input and is ended', { upstream });
      this.kill('SIGKILL');
    });
    started.on('error', () => undefined);
    this.#exited = new Promise((resolveExit) => {
      started.once('exit', (code, signal) => {
        // A group may outlive its leader.
        this.kill('SIGKILL');
        alive.delete(this.pid);
        changed();
        this.#gone = true;
        const last = stderr.lastLine === '' ? '' : `: ${stderr.lastLine}`;
        const end = async (): Promise<void> => {
          clearInterval(timer);
          await lines.settled();
          lines.close();
          owner.onExit(`process ended with ${signal ?? `code ${code}`}${last}`);
          resolveExit();
        };
        const timer = setInterval(() => {
          if (!lines.waits) started.stdout.destroy();
        }, DRAIN_MS);
        if (started.stdout.closed) void end();
        else started.stdout.once('close', () => void end());
      });
    });
  }

  /**
   * Writes one line. False if the child is gone or does not read. What was taken may still be lost: if the child ends,
   * its owner is told, later than this.
   */
  write(line: string): boolean {
    const { stdin } = this.#process;
    if (this.#gone || !stdin.writable || stdin.writableLength + this.#unsent.length > MAX_UNREAD_BYTES)
      return false;
    if (this.#unsent === '') setImmediate(this.#send);
    this.#unsent += `${line}\n`;
    if (this.#unsent.length > MAX_GATHERED) this.#send();
    return true;
  }

  readonly #send = (): void => {
    const lines = this.#unsent;
    this.#unsent = '';
    const { stdin } = this.#process;
    if (lines === '' || !stdin.writable) return;
    // The stream counts a text by its characters, which are three bytes at most: what may wait is given as bytes.
    const mayWait = stdin.writableLength > 0 || lines.length > MAX_GATHERED;
    stdin.write(mayWait ? Buffer.from(lines) : lines);
  };

  /** Ends its input, then asks, then kills (MCP 2025-11-25, lifecycle, shutdown). Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (!this.#gone) {
      this.#send();
      this.#process.stdin.end();
      const stepMs = Math.min(STOP_STEP_MS, this.#msToEnd() * STOP_STEP_SHARE);
      const terminate = setTimeout(() => this.kill('SIGTERM'), stepMs);
      const kill = setTimeout(() => this.kill('SIGKILL'), 2 * stepMs);
      await this.#exited;
      clearTimeout(terminate);
      clearTimeout(kill);
    }
    await this.#exited;
  }

  /** Signals the child and what it started. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      this.#process.kill(signal);
    }
  }
}
