/** The command line as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program in place of the sources' `cli/main.ts`. */
  readonly program?: string;
  /** A command that runs it, such as one that makes a namespace. */
  readonly within?: readonly string[];
}

/** A started command; its output is collected. */
export class CliProcess {
  readonly child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #out = '';
  #err = '';

  constructor(args: readonly string[], { cwd, env = {}, program = MAIN, within = [] }: CliOptions = {}) {
    const [command, ...more] = [...within, process.execPath, program, ...args];
    this.child = spawn(command!, more, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    // `close`, not `exit`: the output has been read whole.
    this.#exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** The exit code; null after a signal that nobody took. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Resolves with the first match in all that was written so far or will be; rejects if the process ends without. */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = () => {
      const match = pattern.exec(this.#out) ?? pattern.exec(this.#err);
      if (match !== null) resolve(match);
    };
    this.child.stdout?.on('data', look);
    this.child.stderr?.on('data', look);
    void this.#exited.then((code) => {
      look();
      reject(new Error(`ended with ${code} before ${pattern} was seen: ${this.#out}${this.#err}`));
    });
    look();
    try {
      return await promise;
    } finally {
      this.child.stdout?.off('data', look);
      this.child.stderr?.off('data', look);
    }
  }

  /** Ends it if it still runs. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}
