/** A real gateway for tests: its own folder, its own file, port 0, logs in a file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gateway, startGateway } from '../../runtime/main.ts';
import type { ReloadResult } from '../../runtime/reload/reload-result.ts';

export interface TestGateway {
  /** The folder that gateway.yaml lies in. */
  readonly folder: string;
  readonly file: string;
  /** The endpoint of a server; of the only one without a name. */
  url(server?: string): string;
  /** The endpoint as tokens name it: the gateway's own URL, whatever stands before it. */
  audience(server?: string): string;
  readonly opsUrl: string;
  readonly gateway: Gateway;
  /** Writes the configuration anew without waiting. */
  write(yaml: string): Promise<void>;
  /** Writes another file of the folder without waiting. */
  writeBeside(name: string, text: string): Promise<void>;
  /** Writes and loads it; resolves when the attempt is over. */
  load(yaml: string): Promise<ReloadResult>;
  /** Everything that was logged, flushed. */
  log(): Promise<string>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a gateway from YAML text; `files` are written beside it first. */
export const startTestGateway = async (
  yaml: string,
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Record<string, string>;
    readonly tap?: boolean;
  } = {},
): Promise<TestGateway> => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-'));
  const file = join(folder, 'gateway.yaml');
  const logFile = join(folder, 'gateway.log');
  for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
  await writeFile(file, yaml);
  const gateway = await startGateway({
    file,
    env: options.env ?? {},
    version: '0.0.0-test',
    logTo: logFile,
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const close = async (): Promise<void> => {
    await gateway.close(0);
    await rm(folder, { recursive: true, force: true });
  };
  const audience = (server?: string): string => {
    const found = gateway.endpoints.find((endpoint) => server === undefined || endpoint.server === server);
    if (found === undefined) throw new Error(`no server ${server}`);
    return found.url;
  };
  return {
    folder,
    file,
    audience,
    url: audience,
    get opsUrl() {
      return gateway.opsUrl ?? '';
    },
    gateway,
    write: (text) => writeFile(file, text),
    writeBeside: (name, text) => writeFile(join(folder, name), text),
    load: async (text) => {
      await writeFile(file, text);
      return gateway.reload();
    },
    log: async () => {
      gateway.flushLog();
      return readFile(logFile, 'utf8');
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
