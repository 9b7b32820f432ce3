/** What a child process writes to stdout that is no message: logged while it is little, and the end of the process at last. */
import type { UpstreamContext } from '../context.ts';

/** So much nonsense without one message ends the process. */
const MAX_GARBAGE_LINES = 1000;
const MAX_LOGGED_GARBAGE = 10;

const MAX_LOGGED_CHARACTERS = 200;

export class Nonsense {
  readonly #upstream: string;
  readonly #context: UpstreamContext;
  #lines = 0;

  constructor(upstream: string, context: UpstreamContext) {
    this.#upstream = upstream;
    this.#context = context;
  }

  /** A message came. */
  forget(): void {
    this.#lines = 0;
  }

  /** Notes a line that is none. Whether it was one too many. */
  isTooMuch(line: string): boolean {
    this.#lines += 1;
    const upstream = this.#upstream;
    if (this.#lines <= MAX_LOGGED_GARBAGE) {
      const start = line.slice(0, MAX_LOGGED_CHARACTERS);
      const message = 'upstream wrote something other than JSON-RPC to stdout';
      this.#context.log('warn', message, { upstream, start });
    }
    if (this.#lines !== MAX_GARBAGE_LINES) return false;
    this.#context.log('error', 'upstream writes nonsense to stdout and is ended', { upstream });
    return true;
  }
}
