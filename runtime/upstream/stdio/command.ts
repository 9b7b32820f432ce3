/** What is executed for a configured command. */
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

interface Executable {
  readonly file: string;
  readonly args: readonly string[];
}

const NODE_SCRIPT = /^#!\s*\/usr\/bin\/env\s+(?:-S\s+)?node\s*$/;

/**
 * Finds the file of a command: in the gateway's own PATH, or relative to `directory` where the name has a slash.
 * `node`, and scripts that ask for it by `env`, run on the Node that runs the gateway: a child inherits no PATH to
 * find another. Rejects if there is no such executable file.
 */
export const findExecutable = async (
  command: string,
  args: readonly string[],
  directory: string,
  path: string,
): Promise<Executable> => {
  if (command === 'node') return { file: process.execPath, args };
  const file = await locate(command, directory, path);
  return (await wantsNode(file)) ? { file: process.execPath, args: [file, ...args] } : { file, args };
};

const locate = async (command: string, directory: string, path: string): Promise<string> => {
  if (command.includes('/')) {
    const file = resolve(directory, command);
    if (await isExecutable(file)) return file;
    throw new Error(`${command} is not an executable file`);
  }
  for (const folder of path.split(delimiter)) {
    // An empty or relative entry would mean the working directory of whoever started the gateway.
    if (!isAbsolute(folder)) continue;
    const file = join(folder, command);
    if (await isExecutable(file)) return file;
  }
  throw new Error(`${command} is not in PATH`);
};

const isExecutable = async (file: string): Promise<boolean> => {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
};

const wantsNode = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(128), 0, 128, 0);
    return NODE_SCRIPT.test(buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '');
  } finally {
    await handle.close();
  }
};
