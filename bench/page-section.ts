/** The part of a page that a benchmark writes. */
import { readFile, writeFile } from 'node:fs/promises';
import { packageFile } from './gateway-program.ts';

const END = '<!-- Until here. -->';

const beginOf = (command: string): string => `<!-- Written by \`${command}\`. -->`;

/** What `command` writes, as `writeSection` finds it. */
export const sectionOf = (command: string, text: string): string => `
${beginOf(command)}
${text}
${END}
`;

/** Puts `text` in place of what stands on the page between the line that names `command` and the end of its part. */
export const writeSection = async (page: string, command: string, text: string): Promise<void> => {
  const file = packageFile(page);
  const before = await readFile(file, 'utf8');
  const begin = beginOf(command);
  const at = before.indexOf(begin);
  const end = before.indexOf(END, at);
  if (at === -1 || end === -1) throw new Error(`${page} has no place for it`);
  await writeFile(file, `${before.slice(0, at)}${begin}\n${text}\n${before.slice(end)}`);
};
