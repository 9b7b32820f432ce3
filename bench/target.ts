/** What is driven and measured: the upstream itself, nginx, the floor, the gateway. */
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Era, ReplyKind } from './call.ts';
import { type PinnedProcess, printedPort, startPinned } from './pinned-process.ts';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly era: Era;
  readonly reply?: ReplyKind | undefined;
  /** Of the event stream, where replies are `events`. */
  readonly eventPath?: string | undefined;
  readonly token?: string | undefined;
  /** Its processes, whose CPU time counts. */
  readonly pids: readonly number[];
  /** Whether it answers few calls a second: it gets few connections, long runs and no training. */
  readonly isSlow?: boolean | undefined;
}

/** The flags that every Node.js process under test gets. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=32'];

/**
 * For those who only measure latencies: so much room that none of their own collections of garbage, of some milliseconds
 * each, falls into a window.
 */
export const ROOMY_FLAGS: readonly string[] = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** A program of the bench that prints its port. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Starts bench/<file> on `core`. */
export const startProgram = async (
  core: number,
  file: string,
  args: readonly string[] = [],
  flags = NODE_FLAGS,
): Promise<Program> => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const command = [process.execPath, ...flags, path, ...args];
  const pinned: PinnedProcess = startPinned(core, command, ['ignore', 'pipe', 'inherit']);
  const port = await printedPort(pinned);
  return { pid: pinned.pid, port, [Symbol.asyncDispose]: () => pinned[Symbol.asyncDispose]() };
};

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Whether something listens on the port. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      // Where nobody listens, the system may give the socket the very port that it calls, and it meets itself.
      resolve(socket.localPort !== port);
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
