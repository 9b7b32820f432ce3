/** Something in an array whose order does not matter. */
export interface Placed {
  /** Where it is there; starts at -1: nowhere. */
  place: number;
}

/** Puts `item` into `items`. */
export const place = <T extends Placed>(items: T[], item: T): void => {
  item.place = items.length;
  items.push(item);
};

/**
 * Takes `item` out of `items`, without a search; false if it is not there. For what every call enters and leaves: the
 * tables that a Set has outgrown lead from one to the next, and with them the engine would keep the calls until it
 * collects its old generation.
 */
export const swapRemove = <T extends Placed>(items: T[], item: T): boolean => {
  const at = item.place;
  if (at < 0) return false;
  const last = items.pop()!;
  if (last !== item) {
    items[at] = last;
    last.place = at;
  }
  item.place = -1;
  return true;
};

/**
 * Takes what is at `at` out of `items`, whose order stays; nothing if `at` is -1. For few items. `splice` would give
 * up the front of the array, which then outgrows what is left: the same as with a Set.
 */
export const removeAt = (items: unknown[], at: number): void => {
  if (at < 0) return;
  for (let next = at + 1; next < items.length; next += 1) items[next - 1] = items[next];
  items.pop();
};
