/** A gateway.yaml of this repository, run as it is shipped: only its addresses are others. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { type Gateway, startGateway } from '../../runtime/main.ts';
import { freePort } from '../support/free-port.ts';
import { modernRequest } from '../support/modern-client.ts';
import { ROOT } from '../support/source-file.ts';
import { WireRecord } from '../support/wire-conversation.ts';
import { startWireTap } from '../support/wire-tap.ts';

export interface RunningExample {
  /** The example's folder, copied. */
  readonly folder: string;
  /** Where the path of a server is reached, with all that is said there held against the protocol. */
  url(path: string): string;
  readonly opsUrl: string;
  readonly gateway: Gateway;
  /** Edits gateway.yaml: each text, which must be there, gives way to the other. */
  edit(...changes: readonly (readonly [from: string, to: string])[]): Promise<void>;
  log(): Promise<string>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ExampleOptions {
  /** Hosts of the outer world that the test stands in for: written → real. */
  readonly origins?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const BIND = /bind: 127\.0\.0\.1:(\d+)/g;

const replaced = (text: string, from: string, to: string): string => {
  if (!text.includes(from)) throw new Error(`gateway.yaml does not hold ${from}`);
  return text.replaceAll(from, to);
};

/** Another port for each, by the one that is written. */
const freePorts = async (text: string): Promise<ReadonlyMap<string, number>> => {
  const ports = new Map<string, number>();
  for (const [, written] of text.matchAll(BIND)) ports.set(written!, await freePort());
  return ports;
};

/** Copies `folder` (of the repository) to a place of its own, where node_modules lies as it does here. */
const copyFolder = async (folder: string): Promise<{ place: string; copy: string }> => {
  const place = await mkdtemp(join(tmpdir(), 'gatewright-example-'));
  const copy = join(place, folder);
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  await mkdir(dirname(copy), { recursive: true });
  if (folder === '.') await cp(join(ROOT, 'gateway.yaml'), join(place, 'gateway.yaml'));
  else await cp(join(ROOT, folder), copy, { recursive: true });
  return { place, copy };
};

/** Starts the gateway.yaml of a folder of the repository; `.` is the default one. */
export const startExample = async (
  folder: string,
  { origins = {}, env = {} }: ExampleOptions = {},
): Promise<RunningExample> => {
  const { place, copy } = await copyFolder(folder);
  const file = join(copy, 'gateway.yaml');
  let text = await readFile(file, 'utf8');
  const ports = await freePorts(text);
  text = text.replace(BIND, (_bind, port) => `bind: 127.0.0.1:${ports.get(port)}`);
  for (const [written, real] of Object.entries(origins)) text = replaced(text, written, real);
  await writeFile(file, text);
  const logTo = join(place, 'gateway.log');
  const gateway = await startGateway({ file, env, version: '0.0.0-test', logTo }).catch(
    async (error: unknown) => {
      await rm(place, { recursive: true });
      throw error;
    },
  );
  const record = new WireRecord(['server']);
  const tap = await startWireTap(`http://127.0.0.1:${ports.values().next().value}`, record);
  const close = async (): Promise<void> => {
    await gateway.close(0);
    await tap.close();
    await rm(place, { recursive: true });
    record.verify();
  };
  return {
    folder: copy,
    url: (path) => tap.origin + path,
    opsUrl: gateway.opsUrl ?? '',
    gateway,
    edit: async (...changes) => {
      let edited = await readFile(file, 'utf8');
      for (const [from, to] of changes) edited = replaced(edited, from, to);
      await writeFile(file, edited);
    },
    log: async () => {
      gateway.flushLog();
      return readFile(logTo, 'utf8');
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};

/** Settles when the list of tools lacks no upstream: a process may take longer to start than a list waits for it. */
export const untilWhole = (url: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const { body } = await modernRequest(url, 'tools/list');
      if (body.result._meta?.['io.gatewright/partial'] === true) throw new Error('an upstream is missing');
    },
    { timeout: 50_000 },
  );
