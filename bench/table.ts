/** Rows and columns, for a terminal and for Markdown alike. */

export interface Table {
  readonly head: readonly string[];
  /** The first cell of a row is text, the others are figures. */
  readonly rows: readonly (readonly string[])[];
}

/** The table as Markdown whose source is aligned, so that a terminal shows it well too. */
export const formatTable = ({ head, rows }: Table): string => {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${column === 0 ? '-' : ':'}`).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
