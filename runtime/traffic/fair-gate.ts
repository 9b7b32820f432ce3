/** Lets so many calls of one key through at a time; others wait in a queue in which callers take turns. */
import { type Placed, place, swapRemove } from '../swap-remove.ts';
import { DeadlineWheel, type Timed } from './deadline.ts';
import { Places, type PlacesBounds } from './places.ts';
import { onePlaceMemory } from './places-memory.ts';

/** Why somebody who waited got no place: others were before it, none was free in time, or those of all are not known. */
export type NoPlace = 'full' | 'late' | 'away';

export interface GateBounds extends PlacesBounds {
  /** How long one waits. */
  readonly queueTimeoutMs: number;
}

/** Told once, unless the ticket was left before; never before `enter` has returned it. */
export interface Waiting {
  granted(): void;
  refused(why: NoPlace): void;
}

export interface Ticket {
  /** Whether there was a place at once: then nobody is told. */
  readonly isHeld: boolean;
  /** Gives the place back, or leaves the queue. Harmless if done again. */
  leave(): void;
}

export interface Gate {
  /** Calls of this thread that hold a place. */
  readonly held: number;
  /** Calls of this thread that wait for one. */
  readonly waiting: number;
  /** Undefined: there is neither a place nor room in the queue. `caller` is who takes turns with others. */
  enter(key: string, caller: string, bounds: GateBounds, waiting: Waiting): Ticket | undefined;
}

/** Memory that threads share, and this thread among them. */
export interface GateThreads {
  readonly memory: SharedArrayBuffer;
  readonly holder: number;
}

/** A thread that ends without a word gives back what it held by {@link Places.recover}. */
export class FairGate implements Gate {
  /** Of all threads that share its memory. */
  readonly places: Places;
  readonly #isShared: boolean;
  /** In no order: whose turn it is, the places say. */
  readonly #waiting: WaitingTicket[] = [];
  readonly #deadlines = new DeadlineWheel();
  #listening = false;
  #held = 0;

  constructor(places: Places, isShared: boolean) {
    this.places = places;
    this.#isShared = isShared;
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  enter(key: string, caller: string, bounds: GateBounds, waiting: Waiting): Ticket | undefined {
    const entered = this.places.enter(key, caller, bounds);
    // Somebody of this thread may have made room.
    if (entered.kind === 'waiting') this.#look();
    if (entered.kind === 'full') return undefined;
    if (entered.kind === 'held') {
      this.#held += 1;
      return new HeldTicket(() => this.#giveBack(entered.record));
    }
    const ticket = new WaitingTicket(entered.record, waiting, (wasGranted) => {
      if (wasGranted) this.#giveBack(entered.record);
      else this.#leaveQueue(ticket);
    });
    place(this.#waiting, ticket);
    this.#deadlines.schedule(ticket, performance.now() + bounds.queueTimeoutMs);
    this.#listen();
    return ticket;
  }

  #giveBack(record: number): void {
    this.#held -= 1;
    this.#leave(record);
  }

  #leaveQueue(ticket: WaitingTicket): void {
    this.#forget(ticket);
    this.#leave(ticket.record);
  }

  #forget(ticket: WaitingTicket): void {
    swapRemove(this.#waiting, ticket);
    this.#deadlines.cancel(ticket);
  }

  #leave(record: number): void {
    if (this.places.leave(record)) this.#look();
  }

  /** Tells those of this thread whose turn has come. */
  #look(): void {
    for (const ticket of [...this.#waiting]) {
      // One that was told before may have made it leave, and its record may be another's by now.
      if (ticket.place < 0) continue;
      const seen = this.places.see(ticket.record);
      if (seen === 'granted') {
        this.#forget(ticket);
        this.#held += 1;
        ticket.grant();
      }
      if (seen === 'dropped') ticket.refuse('full');
    }
  }

  /** Other threads tell when they give a place back. */
  #listen(): void {
    if (!this.#isShared || this.#listening) return;
    this.#listening = true;
    void this.#hear();
  }

  async #hear(): Promise<void> {
    const { news } = this.places;
    // Who enters has to have its ticket first.
    await undefined;
    while (this.#waiting.length > 0) {
      const known = Atomics.load(news, 0);
      this.#look();
      if (this.#waiting.length === 0) break;
      const heard = Atomics.waitAsync(news, 0, known);
      if (heard.async) await heard.value;
    }
    this.#listening = false;
  }
}

class HeldTicket implements Ticket {
  readonly isHeld = true;
  #leave: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  leave(): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }
}

class WaitingTicket implements Ticket, Timed, Placed {
  readonly isHeld = false;
  place = -1;
  readonly record: number;
  deadlineMs = 0;
  deadlineSlot = -1;
  deadlineNext: Timed | undefined;
  deadlinePrevious: Timed | undefined;
  readonly #waiting: Waiting;
  #leave: ((wasGranted: boolean) => void) | undefined;
  #wasGranted = false;

  constructor(record: number, waiting: Waiting, leave: (wasGranted: boolean) => void) {
    this.record = record;
    this.#waiting = waiting;
    this.#leave = leave;
  }

  onDeadline(): void {
    this.refuse('late');
  }

  grant(): void {
    this.#wasGranted = true;
    this.#waiting.granted();
  }

  refuse(why: NoPlace): void {
    this.leave();
    this.#waiting.refused(why);
  }

  leave(): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.(this.#wasGranted);
  }
}

/** For what has one key: `enter` is to be given the same one each time. */
export const createBulkhead = ({ max, queue }: PlacesBounds, threads?: GateThreads): FairGate =>
  new FairGate(
    new Places(threads?.memory ?? onePlaceMemory(max, queue), threads?.holder ?? 1),
    threads !== undefined,
  );
