/** Passes a large line on from its file, no faster than it is taken. */
import { type Failure, upstreamError } from '../failure.ts';
import type { Inflow, Source } from '../large/large-response.ts';
import type { LargeLine } from './large-line.ts';

const PIECE_BYTES = 256 * 1024;

/** Whom the line answers. */
interface Answered {
  readonly over: boolean;
  failed(failure: Failure): void;
}

export class LinePump implements Source {
  readonly #line: LargeLine;
  readonly #from: number;
  #goOn: (() => void) | undefined;
  #held: Promise<void> | undefined;

  /** @param from what comes before was passed on */
  constructor(line: LargeLine, from: number) {
    this.#line = line;
    this.#from = from;
  }

  pause(): void {
    if (this.#held !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    this.#goOn = resolve;
  }

  resume(): void {
    this.#held = undefined;
    this.#goOn?.();
  }

  /** Runs until the call is over, and closes the line. */
  async run(call: Answered, inflow: Inflow): Promise<void> {
    const line = this.#line;
    try {
      for (let at = this.#from; at < line.bytes && !call.over; ) {
        await this.#held;
        const piece = await line.read(at, PIECE_BYTES);
        at += piece.length;
        if (!call.over && !inflow.push(piece)) break;
      }
      if (!call.over) inflow.end();
    } catch (thrown) {
      call.failed({ error: upstreamError('upstream_unavailable', thrown), sent: true });
    }
    line.close();
  }
}
