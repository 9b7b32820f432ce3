/** What a command may touch of the process it runs in. */

/** Handed to every command, so that a test can run one without a process. */
export interface CommandIo {
  /** Writes to standard output; nothing is added. */
  readonly out: (text: string) => void;
  /** Writes to standard error; nothing is added. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Whether standard output is a terminal that shows colours. */
  readonly color: boolean;
}

/**
 * A command: gets the arguments after its name, resolves to the exit code
 * (0 done, 1 findings or failure, 2 usage, 3 a bug).
 */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
