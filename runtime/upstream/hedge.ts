/** Sends a call once more that is slow, so often at most. */
import type { HedgeNode } from '../../schema/graph/upstream.ts';
import { deadlines, type Timed } from '../traffic/deadline.ts';

/** A call that can be sent beside itself. */
export interface Hedged {
  /** Sends it once more. False if that is of no use any more. */
  hedge(): boolean;
}

export class Hedge implements Timed {
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined = undefined;
  deadlinePrevious: Timed | undefined = undefined;
  readonly #call: Hedged;
  readonly #node: HedgeNode;
  #made = 0;

  constructor(call: Hedged, node: HedgeNode) {
    this.#call = call;
    this.#node = node;
  }

  wait(): void {
    if (this.#made < this.#node.max) deadlines.schedule(this, performance.now() + this.#node.afterMs);
  }

  stop(): void {
    deadlines.cancel(this);
  }

  onDeadline(): void {
    this.#made += 1;
    if (this.#call.hedge()) this.wait();
  }
}
