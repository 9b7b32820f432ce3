/** Places that a call holds from when it goes upstream until it is over, whichever way it ends. */
import type { CallFacts } from '../../schema/decision.ts';
import { GatewayError, RPC } from '../errors.ts';
import type { ResponseWriter } from '../listen/response-writer.ts';
import { stateUnavailable } from '../state/state-store.ts';
import type { NoPlace, Ticket } from '../traffic/fair-gate.ts';
import type { Call } from './call.ts';
import { waitMs } from './caller-deadline.ts';
import type { ClientReply } from './client-reply.ts';
import { ownerOf } from './legacy/owner-quota.ts';
import type { PreparedGate } from './limits.ts';

/** Goes on with the call once it has a place of every limit that applies, or answers it. */
export const hold = (call: Call, facts: () => CallFacts, next: (held: Call) => void): void => {
  const { gates } = call.server.limits;
  if (gates.length === 0) {
    next(call);
    return;
  }
  if (!call.isWanted()) return;
  const known = facts();
  const applying = gates.filter(({ scope }) => scope.cost(known) > 0);
  if (applying.length === 0) next(call);
  else new Holder(call, known, applying, next).go();
};

const RETRY_AFTER_MS = 1000;

const noPlace = (limit: string, why: NoPlace): GatewayError => {
  if (why === 'away') return stateUnavailable();
  return new GatewayError(
    'concurrency_limited',
    why === 'late' ? 'no place for the call was free in time' : 'too many calls at a time',
    {
      status: 429,
      rpcCode: RPC.limited,
      retryAfterMs: RETRY_AFTER_MS,
      data: { limit, retryAfterMs: RETRY_AFTER_MS },
    },
  );
};

class Holder {
  readonly #call: Call;
  readonly #facts: CallFacts;
  /** Those that it still needs, the next one last. */
  readonly #missing: PreparedGate[];
  readonly #next: (held: Call) => void;
  #tickets: Ticket[] = [];

  constructor(call: Call, facts: CallFacts, gates: readonly PreparedGate[], next: (held: Call) => void) {
    this.#call = call;
    this.#facts = facts;
    this.#missing = gates.toReversed();
    this.#next = next;
    call.onCancellable(this.#leave);
  }

  go(): void {
    for (let gate = this.#missing.pop(); gate !== undefined; gate = this.#missing.pop())
      if (!this.#enter(gate)) return;
    const call = this.#call;
    this.#next({
      ...call,
      reply: heldReply(call.reply, this.#leave),
      onCancellable: (cancel, pause) =>
        call.onCancellable((reason) => {
          this.#leave();
          cancel(reason);
        }, pause),
    });
  }

  /** False: it goes on, or is answered, later. */
  #enter({ node, gate, scope }: PreparedGate): boolean {
    const { principal, client } = this.#facts;
    const queueTimeoutMs = waitMs(this.#call, node.queueTimeoutMs);
    const bounds = queueTimeoutMs === node.queueTimeoutMs ? node : { ...node, queueTimeoutMs };
    const ticket = gate.enter(scope.key(this.#facts), ownerOf(principal, client.address), bounds, {
      granted: () => this.go(),
      refused: (why) => this.#refuse(node.name, why),
    });
    if (ticket === undefined) this.#refuse(node.name, 'full');
    else this.#tickets.push(ticket);
    return ticket?.isHeld === true;
  }

  #refuse(limit: string, why: NoPlace): void {
    this.#leave();
    if (why !== 'away') this.#call.server.metrics.limited(limit);
    this.#call.reply.error(noPlace(limit, why));
  }

  readonly #leave = (): void => {
    const tickets = this.#tickets;
    this.#tickets = [];
    for (const ticket of tickets) ticket.leave();
  };
}

/** `reply`, which gives the places back with its last word. */
const heldReply = (reply: ClientReply, leave: () => void): ClientReply => {
  const held: ClientReply = {
    get headers() {
      return reply.headers;
    },
    set headers(headers) {
      reply.headers = headers;
    },
    stream: () => reply.stream(),
    suspend: () => reply.suspend(),
    message: (text) => reply.message(text),
    response(text, status) {
      leave();
      reply.response(text, status);
    },
    error(error) {
      leave();
      reply.error(error);
    },
    abandon() {
      leave();
      reply.abandon();
    },
  };
  if (reply.keptResponse !== undefined)
    held.keptResponse = (start, end) => {
      leave();
      reply.keptResponse!(start, end);
    };
  if (reply.large !== undefined)
    held.large = () => {
      const writer = reply.large!();
      return writer && heldWriter(writer, leave);
    };
  if (reply.lasts !== undefined) held.lasts = () => reply.lasts!();
  return held;
};

const heldWriter = (writer: ResponseWriter, leave: () => void): ResponseWriter => ({
  get onDrain() {
    return writer.onDrain;
  },
  set onDrain(tell) {
    writer.onDrain = tell;
  },
  get onGone() {
    return writer.onGone;
  },
  set onGone(tell) {
    writer.onGone = () => {
      leave();
      tell();
    };
  },
  write: (bytes, onWritten) => writer.write(bytes, onWritten),
  end() {
    leave();
    writer.end();
  },
  breakOff() {
    leave();
    writer.breakOff();
  },
});
