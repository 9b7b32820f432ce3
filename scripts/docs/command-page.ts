/** Pages of the manual about commands, made from what their parsers read. */
import { type CommandManual, exitsOf, optionText, usageLine } from '../../cli/manual/manual.ts';

const NOTE = '<!-- Made by `npm run docs` from cli/manual. -->';

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0
    ? []
    : [
        `| ${heads.join(' | ')} |`,
        `|${heads.map(() => '---').join('|')}|`,
        ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
        '',
      ];

/** The page of one command. */
export const commandPage = (name: string, manual: CommandManual): string => {
  const { summary, about = [], options = {}, examples = [] } = manual;
  const rows = Object.entries(options).map(([key, option]) => [
    `\`${optionText(key, option)}\``,
    typeof option.default === 'string' ? `\`${option.default}\`` : '',
    option.does,
  ]);
  return [
    NOTE,
    `# gatewright ${name}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    '```text',
    usageLine(name, manual),
    '```',
    '',
    ...about.flatMap((paragraph) => [paragraph, '']),
    ...table(['option', 'default', 'does'], rows),
    ...table(['exit code', 'meaning'], exitsOf(manual)),
    ...examples.flatMap(({ line, does }) => [
      `${does.charAt(0).toUpperCase()}${does.slice(1)}:`,
      '',
      '```sh',
      line,
      '```',
      '',
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
};

/** The page that lists them. */
export const commandIndex = (commands: Readonly<Record<string, CommandManual>>): string =>
  [
    NOTE,
    '# Commands',
    '',
    'Each prints what it takes with `--help`. Wrong usage ends with exit code 2, a file that cannot be written with',
    '3; a configuration that cannot be read is a finding, with 1. Findings go to standard output, what went wrong with the',
    'command itself to standard error.',
    '',
    ...table(
      ['command', 'does'],
      Object.entries(commands).map(([name, { usage, summary }]) => [
        `[\`gatewright ${`${name} ${usage}`.trim()}\`](commands/${name}.md)`,
        summary,
      ]),
    ),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
