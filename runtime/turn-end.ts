/** Work that is put off to the end of a turn of the event loop, when all that had come is read. */

/**
 * Calls `work` for each item at the end of the turn in which it is given. Writes that follow each other closely are
 * cheaper than as many between other work: the system wakes their readers once, and finds them awake at the next.
 */
export const atTurnEnd = <T>(work: (item: T) => unknown): ((item: T) => void) => {
  let items: T[] = [];
  const run = (): void => {
    const taken = items;
    items = [];
    let at = 0;
    try {
      while (at < taken.length) work(taken[at++]!);
    } finally {
      // A failure of one is no reason to forget the others.
      if (at < taken.length) {
        items = taken.slice(at).concat(items);
        setImmediate(run);
      }
    }
  };
  return (item) => {
    if (items.length === 0) setImmediate(run);
    items.push(item);
  };
};
