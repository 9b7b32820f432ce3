/** A real gateway for tests: its own folder, its own file, port 0, logs in a file, all that it says to clients checked. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Gateway, startGateway } from '../../runtime/main.ts';
import type { ReloadResult } from '../../runtime/reload/reload-result.ts';
import { type WireMessage, WireRecord } from './wire-conversation.ts';
import { startWireTap, type WireTap } from './wire-tap.ts';

export interface TestGateway {
  /** The folder that gateway.yaml lies in. */
  readonly folder: string;
  readonly file: string;
  /** The endpoint of a server; of the only one without a name. Through the tap, where there is one. */
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
  /** What a scrape of the operations listener yields. */
  metrics(): Promise<string>;
  /** Everything that was logged, flushed. */
  log(): Promise<string>;
  /** What clients and gateway said to each other through the taps. */
  readonly messages: readonly WireMessage[];
  /** Cuts the streams that clients read through a tap. */
  dropStreams(): void;
  /** Ends the gateway. Throws if it said anything to a client that breaks the protocol. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const originOf = (url: string): string => new URL(url).origin;

/** The taps before a gateway's listeners, one for each. */
class Taps {
  readonly record = new WireRecord(['server']);
  readonly #taps = new Map<string, WireTap>();

  /** Puts taps before listeners that have none. TLS and sockets without a port are left alone. */
  async cover(gateway: Gateway): Promise<void> {
    for (const { url } of gateway.endpoints)
      if (url.startsWith('http://') && !this.#taps.has(originOf(url)))
        this.#taps.set(originOf(url), await startWireTap(url, this.record));
  }

  /** The same URL through its tap. */
  through(url: string): string {
    if (!URL.canParse(url)) return url;
    const tap = this.#taps.get(originOf(url));
    return tap === undefined ? url : tap.origin + url.slice(originOf(url).length);
  }

  dropStreams(): void {
    for (const tap of this.#taps.values()) tap.dropStreams();
  }

  async close(): Promise<void> {
    for (const tap of this.#taps.values()) await tap.close();
  }
}

/**
 * Starts a gateway from YAML text; `files` are written beside it first. Clients reach its listeners of clear text
 * through a tap; `tap: false` leaves it out, for tests of raw sockets or of load.
 */
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
  const taps = new Taps();
  const cover = options.tap === false ? async () => undefined : () => taps.cover(gateway);
  await cover();
  const close = async (): Promise<void> => {
    await gateway.close(0);
    await taps.close();
    await rm(folder, { recursive: true, force: true });
    taps.record.verify();
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
    url: (server) => taps.through(audience(server)),
    get opsUrl() {
      return gateway.opsUrl ?? '';
    },
    gateway,
    write: (text) => writeFile(file, text),
    writeBeside: (name, text) => writeFile(join(folder, name), text),
    load: async (text) => {
      // Within one turn: who watches the file cannot load it before, and this be told that it is loaded.
      writeFileSync(file, text);
      const result = await gateway.reload();
      await cover();
      return result;
    },
    metrics: async () => (await fetch(`${gateway.opsUrl}/metrics`)).text(),
    log: async () => {
      gateway.flushLog();
      return readFile(logFile, 'utf8');
    },
    messages: taps.record.messages,
    dropStreams: () => taps.dropStreams(),
    close,
    [Symbol.asyncDispose]: close,
  };
};
