/** A gate whose places are of all replicas that share a store; callers take turns at each replica. */
import type { Lease, LeaseNews } from '../state/lease-steps.ts';
import type { PlaceLeases } from '../state/place-leases.ts';
import type { StateStore } from '../state/state-store.ts';
import { DeadlineWheel, type Timed } from './deadline.ts';
import type { FairGate, Gate, GateBounds, NoPlace, Ticket, Waiting } from './fair-gate.ts';

interface GateParts {
  /** For places of this replica: of each it takes one before it asks for one of all. */
  readonly gate: FairGate;
  readonly leases: PlaceLeases;
  readonly onUnavailable: StateStore['onUnavailable'];
  /** What is counted under a key, at all replicas. */
  readonly nameOf: (key: string) => string;
}

/** Who waits at the store is the next of its replica; in what order those get in is for the store to say. */
export class ReplicaGate implements Gate {
  readonly #parts: GateParts;
  readonly #deadlines = new DeadlineWheel();
  #asking = 0;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  get held(): number {
    return this.#parts.gate.held - this.#asking;
  }

  get waiting(): number {
    return this.#parts.gate.waiting + this.#asking;
  }

  enter(key: string, caller: string, bounds: GateBounds, waiting: Waiting): Ticket | undefined {
    const ask = (): void => {
      const { max, queue } = bounds;
      const lease = leases.enter({ name: nameOf(key), max, queue }, (news) => ticket.take(news));
      ticket.wait(lease);
    };
    const { gate, leases, nameOf } = this.#parts;
    const untilMs = performance.now() + bounds.queueTimeoutMs;
    const ticket = new ReplicaTicket(this.#parts, waiting, (isAsking) => {
      this.#asking += isAsking ? 1 : -1;
      if (isAsking) this.#deadlines.schedule(ticket, untilMs);
      else this.#deadlines.cancel(ticket);
    });
    const local = gate.enter(key, caller, bounds, { granted: ask, refused: (why) => waiting.refused(why) });
    if (local === undefined) return undefined;
    ticket.local = local;
    if (local.isHeld) ask();
    return ticket;
  }
}

class ReplicaTicket implements Ticket, Timed {
  readonly isHeld = false;
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined;
  deadlinePrevious: Timed | undefined;
  local: Ticket | undefined;
  readonly #parts: GateParts;
  readonly #waiting: Waiting;
  readonly #onAsking: (isAsking: boolean) => void;
  #isAsking = false;
  #lease: Lease | undefined;

  /** @param onAsking told when it begins to wait for the store, and when that is over */
  constructor(parts: GateParts, waiting: Waiting, onAsking: (isAsking: boolean) => void) {
    this.#parts = parts;
    this.#waiting = waiting;
    this.#onAsking = onAsking;
  }

  wait(lease: Lease): void {
    this.#lease = lease;
    this.#isAsking = true;
    this.#onAsking(true);
  }

  take(news: LeaseNews): void {
    const { leases, onUnavailable } = this.#parts;
    const isKept = news === 'away' && onUnavailable === 'local';
    if (isKept) leases.keep(this.#lease!);
    if (news === 'held' || isKept) {
      this.#stopAsking();
      this.#waiting.granted();
    } else this.#refuse(news);
  }

  onDeadline(): void {
    this.#refuse('late');
  }

  leave(): void {
    this.#stopAsking();
    if (this.#lease !== undefined) this.#parts.leases.leave(this.#lease);
    this.#lease = undefined;
    this.local?.leave();
  }

  #refuse(why: NoPlace): void {
    this.leave();
    this.#waiting.refused(why);
  }

  #stopAsking(): void {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.#onAsking(false);
  }
}
