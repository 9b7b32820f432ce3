/** `gatewright stdio` as its clients see it: a process that is written to, and read from, line by line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program. */
export const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly error?: any;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly params?: any;
}

/** `gatewright stdio` as a client that writes what a test tells it to would start it. */
export class StdioClient implements AsyncDisposable {
  readonly messages: Message[] = [];
  err = '';
  readonly #child;
  readonly #exited: Promise<number | null>;
  readonly #waiting: (() => void)[] = [];

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [PROGRAM, 'stdio', ...args], {
      env: { PATH: process.env.PATH, ...env },
    });
    this.#exited = once(this.#child, 'close').then(([code]) => code as number | null);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.messages.push(JSON.parse(line));
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.#wake();
    });
    this.#child.stdin.on('error', () => undefined);
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  say(message: object): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first message that fits, which has come or will. */
  async heard(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      await this.#woken();
    }
  }

  /** Resolves once standard error has said it. */
  async logged(text: string): Promise<void> {
    while (!this.err.includes(text)) await this.#woken();
  }

  answerTo(id: unknown): Promise<Message> {
    return this.heard((message) => message.id === id && message.method === undefined);
  }

  exited(): Promise<number | null> {
    return this.#exited;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Something more was said; rejects if the process ends. */
  #woken(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      void this.#exited.then((code) => reject(new Error(`ended with ${code}: ${this.err}`)));
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
