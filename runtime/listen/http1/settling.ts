/** Connections whose replies have ended in this turn go on together, in one call for all of them. */

export interface Settled {
  /** Goes on, if its reply has left. May throw. */
  settle(): void;
}

let ended: Settled[] = [];

const settleAll = (): void => {
  const connections = ended;
  ended = [];
  let settled = 0;
  try {
    for (const connection of connections) {
      settled += 1;
      connection.settle();
    }
  } finally {
    if (settled < connections.length) for (const left of connections.slice(settled)) settleLater(left);
  }
};

/** Settles it when the turn's own work is done. */
export const settleLater = (connection: Settled): void => {
  if (ended.length === 0) process.nextTick(settleAll);
  ended.push(connection);
};
