/** What requests ask before they become work. */
import { GatewayError, RPC } from '../errors.ts';
import type { PressureReason } from '../traffic/pressure.ts';
import type { WebExchange } from './exchange.ts';
import { UnreadRoom } from './unread-room.ts';

/** What room for bodies is counted in: less often than bytes that dribble, and in numbers that fit a word. */
export const BODY_BLOCK_BYTES = 4096;

export interface Shedding {
  /** Whether new work is refused now. */
  readonly sheds: boolean;
  /** The refusal of one request, which is counted. Only while `sheds`. */
  refusal(): GatewayError;
  /**
   * Takes room for so many more blocks, of {@link BODY_BLOCK_BYTES}, of a body from a client's address; false: there is
   * none, or none for one more of that address, and the body is refused. An empty address is nobody's.
   */
  hold(blocks: number, address: string): boolean;
  giveBack(blocks: number, address: string): void;
  /** What is kept for readers. */
  readonly unread: UnreadRoom;
}

const overloaded = (reason: PressureReason, retryAfterMs: number): GatewayError =>
  new GatewayError('overloaded', 'the gateway has too much to do', {
    status: 503,
    rpcCode: RPC.limited,
    retryAfterMs,
    data: { reason },
  });

/** Memory is given back more slowly than time. */
export const OVERLOADED: Readonly<Record<PressureReason, GatewayError>> = {
  memory: overloaded('memory', 5_000),
  event_loop: overloaded('event_loop', 2_000),
};

/** Of listeners that are served whatever happens. */
export const NEVER_SHEDS: Shedding = {
  sheds: false,
  refusal: () => OVERLOADED.memory,
  hold: () => true,
  giveBack: () => undefined,
  unread: new UnreadRoom(),
};

/** What is no larger may be an answer or a cancellation, which help: it is looked at first. */
const MAX_TOLD_BYTES = 16 * 1024;

/** Why a request is refused before its body is read; undefined: it may be work that is under way. */
export const shedAtDoor = ({ request, lifecycle }: WebExchange): GatewayError | undefined => {
  const { method, headers } = request;
  const isNew =
    method === 'GET' || (method === 'POST' && !(Number(headers['content-length']) <= MAX_TOLD_BYTES));
  return isNew ? lifecycle.shedding.refusal() : undefined;
};
