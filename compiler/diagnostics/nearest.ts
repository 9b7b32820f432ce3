/** The word that was probably meant. */

/** Edits between two words: insertion, deletion, substitution, swap of neighbours (optimal string alignment). */
const distance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
};

const digits = (word: string): string => word.replace(/\D/g, '');

/**
 * Whether `word` is `meant` with one slip of the hand: one edit away, in something else than a digit, which tells
 * names apart, and no other candidate is as near.
 */
export const isSlip = (word: string, meant: string, candidates: Iterable<string>): boolean => {
  const wanted = word.toLowerCase();
  const edits = distance(wanted, meant.toLowerCase());
  if (edits > 1 || wanted.length < 3 || digits(word) !== digits(meant)) return false;
  return [...candidates].every(
    (other) =>
      other === meant ||
      Math.abs(other.length - wanted.length) > 1 ||
      distance(wanted, other.toLowerCase()) > edits,
  );
};

/** The candidate nearest to `word`, regardless of case, if it is at most max(1, length / 3) edits away. */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
};
