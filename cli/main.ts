/** The program: argv in, exit code out. The only place that ends the process. */
import { dispatch } from './dispatch.ts';

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
};

// A reader that has gone, as of `gatewright schema | head`, is no fault of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

/** How long a reader that has not taken yet what was told may keep the process alive once its command is done. */
const LINGER_MS = 500;

try {
  process.exitCode = await dispatch(process.argv.slice(2), io);
} catch (bug) {
  io.err(`gatewright: internal error: ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}\n`);
  process.exitCode = 3;
}
const isUntaken = [process.stdout, process.stderr].some(({ writableLength }) => writableLength > 0);
if (isUntaken) setTimeout(() => process.exit(), LINGER_MS).unref();
// What was left open and hangs does not keep it alive.
else process.exit();
