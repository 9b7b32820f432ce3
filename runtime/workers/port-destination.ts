/** Where the log lines of a thread go: to the process, which writes the lines of all. */
import type { MessagePort } from 'node:worker_threads';
import type { LineDestination } from '../observe/destination.ts';
import type { FromWorker } from './messages.ts';

const FLUSH_CHARACTERS = 16 * 1024;
const FLUSH_MS = 50;

/** Lines are held and sent together, when they are many or a twentieth of a second old. */
export class PortDestination implements LineDestination {
  readonly dropped = 0;
  readonly #port: MessagePort;
  #held = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  write(lines: string): void {
    this.#held += lines;
    if (this.#held.length >= FLUSH_CHARACTERS) this.flushSync();
    else this.#timer ??= setTimeout(() => this.flushSync(), FLUSH_MS).unref();
  }

  flushSync(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held === '') return;
    this.#port.postMessage({ kind: 'lines', lines: this.#held } satisfies FromWorker);
    this.#held = '';
  }

  close(): void {
    this.flushSync();
  }
}
