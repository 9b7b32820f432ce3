/** The one hold that a request has on its generation, shared with what goes on of it behind its reply. */
import type { Exchange } from './exchange.ts';

/** One more holds it. False: the generation has given everything back. */
export const holdOn = (exchange: Exchange): boolean => {
  if (exchange.holders === 0) {
    if (exchange.generation.isOver) return false;
    exchange.generation.acquire();
  }
  exchange.holders += 1;
  return true;
};

/** One less; with the last it is given back. */
export const letGo = (exchange: Exchange): void => {
  exchange.holders -= 1;
  if (exchange.holders > 0) return;
  exchange.generation.release();
  const { onOver } = exchange;
  exchange.onOver = undefined;
  onOver?.();
};
