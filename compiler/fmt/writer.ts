/** Lines under construction: indentation, single blanks between tokens, at most one blank line in a row. */
export interface Writer {
  /** Whether the current line is empty so far. */
  isAtStart(): boolean;
  /** Adds a token, indented if it begins a line, else after a blank if one is due. */
  add(text: string, indent: number): void;
  /** Adds right behind what is there. */
  join(text: string, indent: number): void;
  /** Lets the next token on this line stand after a blank. */
  space(): void;
  /** Takes back a blank that is due. */
  tight(): void;
  /** A comment behind something stays in its column as long as there is room. */
  comment(text: string, indent: number, column: number): void;
  newline(): void;
  /** Lines that stay as they are; the last of them is not ended. */
  raw(lines: readonly string[]): void;
  text(): string;
}

export const createWriter = (): Writer => {
  let out = '';
  let line = '';
  let isSpaceDue = false;
  const begin = (indent: number): void => {
    if (line === '') line = ' '.repeat(Math.max(indent, 0));
    else if (isSpaceDue) line += ' ';
    isSpaceDue = false;
  };
  const newline = (): void => {
    const isBlank = line.trim() === '';
    if (!isBlank || (out !== '' && !out.endsWith('\n\n'))) out += `${line.trimEnd()}\n`;
    line = '';
    isSpaceDue = false;
  };
  return {
    isAtStart: () => line === '',
    add(text, indent) {
      begin(indent);
      line += text;
    },
    join(text, indent) {
      isSpaceDue = false;
      begin(indent);
      line += text;
    },
    space() {
      isSpaceDue = true;
    },
    tight() {
      isSpaceDue = false;
    },
    comment(text, indent, column) {
      if (line === '') begin(indent);
      else line = line.padEnd(Math.max(line.length + 1, column));
      line += text;
    },
    newline,
    raw(lines) {
      for (const each of lines.slice(0, -1)) {
        out += `${line}${each}\n`;
        line = '';
      }
      line += lines.at(-1) ?? '';
    },
    text() {
      if (line !== '') newline();
      return `${out.trimEnd()}\n`;
    },
  };
};
