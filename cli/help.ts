/** `gatewright help`, and `--help` of a command. */
import { COMMANDS } from './commands.ts';
import { type CommandManual, exitsOf, optionText, usageLine } from './manual/manual.ts';

const WIDTH = 88;

/** Lines of at most `WIDTH` columns, each indented. */
const wrapped = (text: string, indent: string): string => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > WIDTH) lines.push(`${indent}${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
};

/** The list of commands. */
export const helpText = (): string => {
  const lines = Object.entries(COMMANDS).map(
    ([name, { usage, summary }]) => `  ${`${name} ${usage}`.trim()}\n      ${summary}`,
  );
  return `usage: gatewright <command>\n\n${lines.join('\n')}\n\n\`gatewright <command> --help\` tells more of one\n`;
};

const optionLines = ({ options = {} }: CommandManual): readonly string[] =>
  Object.entries(options).map(([name, option]) => {
    const fallback = typeof option.default === 'string' ? ` (default: ${option.default})` : '';
    return `  ${optionText(name, option)}\n${wrapped(`${option.does}${fallback}`, '      ')}`;
  });

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `\n${title}:\n${lines.join('\n')}\n`;

/** What `--help` after the name of a command prints. */
export const commandHelp = (name: string, manual: CommandManual): string => {
  const { summary, about = [], examples = [] } = manual;
  const text = [summary, ...about].map((paragraph) => `\n${wrapped(paragraph, '')}\n`).join('');
  const exits = exitsOf(manual).map(([code, meaning]) => `  ${code}  ${meaning}`);
  const shown = examples.map(({ line, does }) => `  ${line}\n      ${does}`);
  return [
    `${usageLine(name, manual)}\n`,
    text,
    section('options', optionLines(manual)),
    section('exit codes', exits),
    section('examples', shown),
  ].join('');
};
