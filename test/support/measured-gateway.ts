/** A gateway in a process of its own whose memory is measured. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from './cli-process.ts';

export class MeasuredGateway {
  readonly url: string;
  readonly opsUrl: string;
  readonly #process: CliProcess;
  readonly #folder: string;

  private constructor(url: string, opsUrl: string, process: CliProcess, folder: string) {
    this.url = url;
    this.opsUrl = opsUrl;
    this.#process = process;
    this.#folder = folder;
  }

  /** @param configuration with one server, and an operations listener */
  static async start(configuration: string): Promise<MeasuredGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-measured-'));
    await writeFile(join(folder, 'gateway.yaml'), configuration);
    const gateway = new CliProcess(['run'], { cwd: folder });
    const [url] = await gateway.seen(/http:\/\/127\.0\.0\.1:\d+\/mcp/);
    const [, opsUrl] = await gateway.seen(/operations\)\s+(http:\/\/127\.0\.0\.1:\d+)/);
    return new MeasuredGateway(url, opsUrl!, gateway, folder);
  }

  /** What it had in memory at most since this was asked last, however short the moment. */
  async peakBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.child.pid}/status`, 'utf8');
    await writeFile(`/proc/${this.#process.child.pid}/clear_refs`, '5');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.opsUrl}/metrics`)).text();
  }

  /** All that was logged so far. */
  get log(): string {
    return this.#process.err;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.close();
    await rm(this.#folder, { recursive: true });
  }
}
