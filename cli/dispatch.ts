/** Chooses the command that the first argument names. */
import { COMMANDS } from './commands.ts';
import type { Command, CommandIo } from './io.ts';

const HELP_WORDS = new Set(['help', '--help', '-h']);
const VERSION_WORDS = new Set(['--version', '-v']);

const entryOf = (word: string) => (Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined);

const unknown = async (word: string, io: CommandIo): Promise<number> => {
  const { nearest } = await import('../compiler/diagnostics/nearest.ts');
  const meant = nearest(word, Object.keys(COMMANDS));
  io.err(`error: unknown command \`${word}\`${meant === undefined ? '' : `; did you mean \`${meant}\`?`}\n`);
  io.err('       `gatewright help` lists the commands\n');
  return 2;
};

/** Runs the command of `argv` (without program and script) and resolves to the exit code. */
export const dispatch: Command = async (argv, io) => {
  const [first, ...rest] = argv;
  if (first === undefined) {
    io.err((await import('./help.ts')).helpText());
    return 2;
  }
  if (HELP_WORDS.has(first)) {
    io.out((await import('./help.ts')).helpText());
    return 0;
  }
  const word = VERSION_WORDS.has(first) ? 'version' : first;
  const entry = entryOf(word);
  if (entry === undefined) return await unknown(word, io);
  if (rest.some((argument) => argument === '--help' || argument === '-h')) {
    io.out((await import('./help.ts')).commandHelp(word, entry));
    return 0;
  }
  const command = await entry.load();
  return await command(rest, io);
};
