/** What a change makes of a text, line by line, as `diff -u` shows it. */
import { safeText } from '../compiler/diagnostics/render/display-width.ts';

interface Edit {
  /** Line of the old text from which on it is another, counted from 0, and how many lines are. */
  readonly from: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

const CONTEXT = 3;
/** How far ahead a line is looked for that both texts have. */
const REACH = 200;

const linesOf = (text: string): readonly string[] => text.split(/(?<=\n)/);

/** How many lines of each text to skip until both go on with the same line. */
const nextCommon = (
  old: readonly string[],
  now: readonly string[],
  i: number,
  j: number,
): readonly [number, number] => {
  for (let far = 1; far <= REACH; far++) {
    for (let left = 0; left <= far; left++) {
      const right = far - left;
      const line = old[i + left];
      if (line !== undefined && line === now[j + right]) return [left, right];
    }
  }
  return [old.length - i, now.length - j];
};

const editsOf = (old: readonly string[], now: readonly string[]): readonly Edit[] => {
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && old[i] === now[j]) {
      i += 1;
      j += 1;
      continue;
    }
    const [left, right] = nextCommon(old, now, i, j);
    edits.push({ from: i, removed: old.slice(i, i + left), added: now.slice(j, j + right) });
    i += left;
    j += right;
  }
  return edits;
};

/** Edits with so little between them that their surroundings touch. */
const hunksOf = (edits: readonly Edit[]): readonly (readonly Edit[])[] => {
  const hunks: Edit[][] = [];
  for (const edit of edits) {
    const last = hunks.at(-1)?.at(-1);
    const isNear = last !== undefined && edit.from - (last.from + last.removed.length) <= 2 * CONTEXT;
    if (isNear) hunks.at(-1)!.push(edit);
    else hunks.push([edit]);
  }
  return hunks;
};

const marked = (mark: string, lines: readonly string[]): string =>
  lines
    .map((line) => `${mark}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`)
    .join('');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const rangeOf = (start: number, count: number): string => `${count === 0 ? start : start + 1},${count}`;

const hunkText = (old: readonly string[], hunk: readonly Edit[], shift: number): string => {
  const last = hunk.at(-1)!;
  const start = Math.max(0, hunk[0]!.from - CONTEXT);
  const end = Math.min(old.length, last.from + last.removed.length + CONTEXT);
  const grown = sum(hunk.map(({ removed, added }) => added.length - removed.length));
  let text = `@@ -${rangeOf(start, end - start)} +${rangeOf(start + shift, end - start + grown)} @@\n`;
  let at = start;
  for (const { from, removed, added } of hunk) {
    text += marked(' ', old.slice(at, from)) + marked('-', removed) + marked('+', added);
    at = from + removed.length;
  }
  return text + marked(' ', old.slice(at, end));
};

/** The change of one file; empty if there is none. */
export const textDiff = (path: string, before: string, after: string): string => {
  const old = linesOf(before).filter((line) => line !== '');
  const now = linesOf(after).filter((line) => line !== '');
  let shift = 0;
  let text = '';
  for (const hunk of hunksOf(editsOf(old, now))) {
    text += hunkText(old, hunk, shift);
    shift += sum(hunk.map(({ removed, added }) => added.length - removed.length));
  }
  return text === '' ? '' : safeText(`--- a/${path}\n+++ b/${path}\n${text}`);
};
