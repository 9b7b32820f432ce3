/** Runs a command without a process of its own, and keeps what it says. */
import type { Command, CommandIo } from '../../cli/io.ts';

export interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** In the folder `cwd`, in an empty environment, without colours; `where` says what differs. */
export const runCommand = async (
  command: Command,
  args: readonly string[],
  cwd: string,
  where: Partial<CommandIo> = {},
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
    ...where,
  });
  return { code, out, err };
};
