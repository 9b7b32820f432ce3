/**
 * Takes `item` out of `items`, whose order does not matter; false if it is not there. For what every call enters and
 * leaves: the tables that a Set has outgrown lead from one to the next, and with them the engine would keep the calls
 * until it collects its old generation.
 */
export const swapRemove = <T>(items: T[], item: T): boolean => {
  const at = items.indexOf(item);
  if (at < 0) return false;
  const last = items.pop()!;
  if (at < items.length) items[at] = last;
  return true;
};
