/** Large bodies are read one in each turn of the event loop, so that what is small does not wait for all of them. */

const waiting: (() => void)[] = [];
let isUnderWay = false;

const readNext = (): void => {
  const read = waiting.shift();
  isUnderWay = read !== undefined;
  if (read === undefined) return;
  setImmediate(readNext);
  read();
};

/** Has a body read as soon as those before it have been. `read` must not throw. */
export const readInTurn = (read: () => void): void => {
  waiting.push(read);
  if (isUnderWay) return;
  isUnderWay = true;
  setImmediate(readNext);
};
