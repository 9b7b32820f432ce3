/** An upstream as a process, always at the same port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { RestartedProcess } from './restarted-process.ts';

const PROGRAM = fileURLToPath(new URL('upstream.ts', import.meta.url));

type Kind = 'modern' | 'asking';

const startProgram = async (kind: Kind, port: number): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [PROGRAM, kind, String(port)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the upstream ${kind} does not start`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return child;
};

export class UpstreamProcess extends RestartedProcess {
  readonly port: number;

  private constructor(kind: Kind, port: number) {
    super(() => startProgram(kind, port));
    this.port = port;
  }

  static async start(kind: Kind): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(kind, await freePort());
    await upstream.resume();
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }
}
