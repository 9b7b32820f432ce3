/** An event that is there whole, but is too large to be handed to the connection at once. */
import type { WebExchange } from './exchange.ts';
import { Outflow } from './outflow.ts';

/** From this length on an event is sent in pieces. */
export const LARGE_EVENT_LENGTH = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/**
 * Sends `text` no faster than the client reads. `onEnd` is told when the connection has taken all of it, `onGone` when
 * the client went away before, or was cut off because it took no piece within `stallMs`.
 */
export const sendInPieces = (
  exchange: WebExchange,
  text: string,
  onEnd: () => void,
  onGone: () => void,
  stallMs: number | undefined,
): void => {
  const bytes = Buffer.from(text);
  let at = 0;
  const goOn = (): void => {
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      if (!outflow.write(piece)) return;
    }
    outflow.release();
    onEnd();
  };
  const outflow = new Outflow(exchange, { onDrain: goOn, onGone }, stallMs);
  goOn();
};
