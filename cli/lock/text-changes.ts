/** A change of a text, word by word. */

export interface TextPiece {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Longer changes are told as a whole: their words are not compared. */
const MAX_CELLS = 4_000_000;

/** Words with the blanks behind them, and line breaks. */
const wordsOf = (text: string): readonly string[] => text.match(/\n|[^\s]+[^\S\n]*|[^\S\n]+/gu) ?? [];

/** Lengths of the longest common subsequences of what is left of both from each pair of words on. */
const commonLengths = (from: readonly string[], to: readonly string[]): readonly Uint32Array[] => {
  const rows = Array.from({ length: from.length + 1 }, () => new Uint32Array(to.length + 1));
  for (let a = from.length - 1; a >= 0; a -= 1) {
    for (let b = to.length - 1; b >= 0; b -= 1) {
      rows[a]![b] =
        from[a] === to[b] ? rows[a + 1]![b + 1]! + 1 : Math.max(rows[a + 1]![b]!, rows[a]![b + 1]!);
    }
  }
  return rows;
};

function* stepsBetween(from: readonly string[], to: readonly string[]): Generator<TextPiece> {
  if (from.length * to.length > MAX_CELLS) {
    yield { kind: 'removed', text: from.join('') };
    yield { kind: 'added', text: to.join('') };
    return;
  }
  const lengths = commonLengths(from, to);
  let [a, b] = [0, 0];
  while (a < from.length || b < to.length) {
    if (a < from.length && from[a] === to[b]) {
      yield { kind: 'same', text: from[a]! };
      a += 1;
      b += 1;
    } else if (b === to.length || (a < from.length && lengths[a + 1]![b]! >= lengths[a]![b + 1]!)) {
      yield { kind: 'removed', text: from[a]! };
      a += 1;
    } else {
      yield { kind: 'added', text: to[b]! };
      b += 1;
    }
  }
}

const joined = (pieces: Iterable<TextPiece>): readonly TextPiece[] => {
  const result: TextPiece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last?.kind === piece.kind) result[result.length - 1] = { ...last, text: last.text + piece.text };
    else if (piece.text !== '') result.push(piece);
  }
  return result;
};

/** The pieces that `to` and `from` have in common and that one of them has, in order; equal neighbours joined. */
export const textChanges = (from: string, to: string): readonly TextPiece[] => {
  const [before, after] = [wordsOf(from), wordsOf(to)];
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (words: readonly string[]): TextPiece => ({ kind: 'same', text: words.join('') });
  return joined([
    same(before.slice(0, head)),
    ...stepsBetween(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    same(before.slice(before.length - tail)),
  ]);
};
