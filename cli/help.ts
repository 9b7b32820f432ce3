/** `gatewright help`. */
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
