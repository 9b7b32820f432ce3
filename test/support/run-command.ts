/** Runs a command without a process of its own, and keeps what it says. */
import type { Command } from '../../cli/io.ts';

export interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** In the folder `cwd`, in an empty environment, without colours. */
export const runCommand = async (
  command: Command,
  args: readonly string[],
  cwd: string,
): Promise<CommandRun> => {
  let [out, err] = ['', ''];
  const code = await command(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    cwd,
    color: false,
  });
  return { code, out, err };
};
