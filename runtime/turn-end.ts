/** Work that is put off to the end of a turn of the event loop, when all that had come is read. */

/**
 * Calls `work` for each item at the end of the turn in which it is given. Writes that follow each other closely are
 * cheaper than as many between other work: the system wakes their readers once, and finds them awake at the next.
 * `failed` is told of an item whose work threw, and must not throw: nobody is above it.
 */
export const atTurnEnd = <T>(
  work: (item: T) => void,
  failed: (item: T, thrown: unknown) => void,
): ((item: T) => void) => {
  let items: T[] = [];
  const run = (): void => {
    const taken = items;
    items = [];
    for (const item of taken) {
      try {
        work(item);
      } catch (thrown) {
        failed(item, thrown);
      }
    }
  };
  return (item) => {
    if (items.length === 0) setImmediate(run);
    items.push(item);
  };
};
