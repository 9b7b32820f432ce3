/** What the debugger of Node.js tells of another process, which was started with `INSPECTED`. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { CliProcess } from './cli-process.ts';

/** Makes a process take a debugger, at a port that it chooses. */
export const INSPECTED = '--inspect=127.0.0.1:0';

export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async of(cli: CliProcess): Promise<Inspector> {
    const [, url] = await cli.seen(/Debugger listening on (ws:\/\/\S+)/);
    const socket = new WebSocket(url!);
    await once(socket, 'open');
    return new Inspector(socket);
  }

  /** What its main thread has on the heap after a collection. */
  async heapBytes(): Promise<number> {
    for (let round = 0; round < 3; round += 1) await this.#ask('HeapProfiler.collectGarbage');
    return ((await this.#ask('Runtime.getHeapUsage')) as { usedSize: number }).usedSize;
  }

  /** What the expression comes to on its main thread. */
  async numberOf(expression: string): Promise<number> {
    const found = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    return (found as { result: { value: number } }).result.value;
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #ask(method: string, params: object = {}): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const look = (data: Buffer): void => {
      const answer = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: unknown };
      if (answer.id !== id) return;
      if (answer.error === undefined) resolve(answer.result);
      else reject(new Error(`${method}: ${JSON.stringify(answer.error)}`));
    };
    this.#socket.on('message', look);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await promise.finally(() => this.#socket.off('message', look));
  }
}
