/** `gatewright help` and what is said of an unknown command. */
import { COMMANDS } from './commands.ts';

/** The list of commands. */
export const helpText = (): string => {
  const rows = Object.entries(COMMANDS).map(([name, { usage, summary }]) => [
    `${name} ${usage}`.trim(),
    summary,
  ]);
  const lines = rows.map(([head, summary]) => `  ${head}\n      ${summary}`);
  return `usage: gatewright <command>\n\n${lines.join('\n')}\n`;
};

/** Edit distance of two words, transpositions counted as one. */
const distance = (left: string, right: string): number => {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[left.length]![right.length]!;
};

/** The command that `word` was probably meant to be. */
export const nearestCommand = (word: string): string | undefined => {
  const [nearest] = Object.keys(COMMANDS)
    .map((name) => ({ name, distance: distance(word, name) }))
    .filter((candidate) => candidate.distance <= Math.max(1, Math.floor(candidate.name.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return nearest?.name;
};
