/** How much of what callers have together one of them may take. */

/** Something that is in use, if a caller is named. */
interface Used {
  readonly caller: string | undefined;
}

/** All but an eighth, which is left to others. Of fewer than eight nothing is. */
export const shareOf = (all: number): number => (Number.isFinite(all) ? all - Math.floor(all / 8) : all);

/** Who has `share` of what is in use, which is more than half of it: one at most. */
export const whoHas = (share: number, used: Iterable<Used>): string | undefined => {
  let most: string | undefined;
  let lead = 0;
  for (const { caller } of used) {
    if (caller === undefined) continue;
    if (lead === 0) most = caller;
    lead += caller === most ? 1 : -1;
  }
  let count = 0;
  for (const { caller } of used) if (caller === most) count += 1;
  return count >= share ? most : undefined;
};
