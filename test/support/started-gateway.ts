/** A gateway as the program that people start: a process of its own, reached by its sockets and seen from outside. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from './cli-process.ts';

/** The answer to `POST /-/reload`, with its status. */
export interface ReloadAnswer {
  readonly status: number;
  readonly result: string;
  readonly artifactHash: string;
  readonly diagnostics: readonly { readonly code: string; readonly message: string }[];
  readonly error?: string;
}

export class StartedGateway implements AsyncDisposable {
  readonly folder: string;
  readonly file: string;
  /** The endpoint of its server `main`. */
  readonly url: string;
  /** The origin of its operations. */
  readonly opsUrl: string;
  readonly cli: CliProcess;

  private constructor(folder: string, url: string, opsUrl: string, cli: CliProcess) {
    this.folder = folder;
    this.file = join(folder, 'gateway.yaml');
    this.url = url;
    this.opsUrl = opsUrl;
    this.cli = cli;
  }

  /** @param yaml with a server `main` and operations; `files` are written beside it first */
  static async start(
    yaml: string,
    {
      files = {},
      nodeOptions,
    }: { readonly files?: Readonly<Record<string, string>>; readonly nodeOptions?: string } = {},
  ): Promise<StartedGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-started-'));
    for (const [name, text] of Object.entries({ ...files, 'gateway.yaml': yaml }))
      await writeFile(join(folder, name), text);
    const env = nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions };
    const cli = new CliProcess(['run'], { cwd: folder, env });
    try {
      const [, url] = await cli.seen(/main +(https?:\/\/\S+)/);
      const [, opsUrl] = await cli.seen(/\(operations\) +(http:\/\/\S+)/);
      return new StartedGateway(folder, url!, opsUrl!, cli);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.cli.child.pid!;
  }

  /** Writes the configuration anew without waiting. */
  write(yaml: string): Promise<void> {
    return writeFile(this.file, yaml);
  }

  /** Writes another file of the folder without waiting. */
  writeBeside(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Loads what is written; resolves when the attempt is over. */
  async reload(): Promise<ReloadAnswer> {
    const answer = await fetch(`${this.opsUrl}/-/reload`, { method: 'POST' });
    return { ...((await answer.json()) as Omit<ReloadAnswer, 'status'>), status: answer.status };
  }

  /** Writes and loads it. */
  async load(yaml: string): Promise<ReloadAnswer> {
    await this.write(yaml);
    return this.reload();
  }

  async status(): Promise<{
    readonly generation: number;
    readonly artifactHash: string;
    readonly listeners: readonly { readonly name: string; readonly url: string }[];
    readonly upstreams: Readonly<Record<string, { readonly processes: readonly number[] }>>;
    readonly lastReload?: Pick<ReloadAnswer, 'result'>;
  }> {
    return (await (await fetch(`${this.opsUrl}/-/status`)).json()) as never;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cli.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
