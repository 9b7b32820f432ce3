/** Gateways of one configuration, each a process of its own with an address of its own, that know of each other. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliProcess } from './cli-process.ts';
import { configuration } from './configuration.ts';
import { freePort } from './free-port.ts';
import { PASSWORD, type RedisServer } from './redis-server.ts';

export interface Replica {
  /** The endpoint of its server `main`. */
  readonly url: string;
  /** The origin of its operations. */
  readonly opsUrl: string;
  /** Where others reach it. */
  readonly peerPort: number;
  readonly peerHost: string;
  readonly cli: CliProcess;
  /** Its gateway.yaml. */
  readonly file: string;
}

export const SEALING_KEY = 'the sealing key of all replicas of a test';

interface ReplicasOptions {
  readonly over?: Parameters<typeof configuration>[1];
  /** Over the section `state`. */
  readonly state?: object;
  readonly files?: Readonly<Record<string, string>>;
  readonly sealingKeys?: readonly string[];
}

export class Replicas implements AsyncDisposable {
  readonly #store: RedisServer;
  readonly #upstreams: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #started: CliProcess[] = [];
  #hosts = 1;

  private constructor(store: RedisServer, upstreams: Readonly<Record<string, string>>, folder: string) {
    this.#store = store;
    this.#upstreams = upstreams;
    this.#folder = folder;
  }

  static async open(store: RedisServer, upstreams: Readonly<Record<string, string>>): Promise<Replicas> {
    return new Replicas(store, upstreams, await mkdtemp(join(tmpdir(), 'gatewright-replicas-')));
  }

  /** Starts one more, at the next address of the machine's own. */
  async start(options: ReplicasOptions = {}): Promise<Replica> {
    const { over = {}, state = {}, files = {}, sealingKeys = [SEALING_KEY] } = options;
    this.#hosts += 1;
    const place = this.#hosts;
    const peerHost = `127.0.0.${place}`;
    const peerPort = await freePort();
    const yaml = configuration(this.#upstreams, {
      sealing: { keys: sealingKeys.map((_, at) => `\${env:SEAL_${at}}`) },
      ...over,
      state: {
        type: 'valkey',
        url: this.#store.url,
        password: '${env:STATE_PASSWORD}',
        timeout: '10s',
        peers: { bind: `${peerHost}:${peerPort}` },
        ...state,
      },
    });
    const file = join(this.#folder, `gateway-${place}.yaml`);
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.#folder, name), text);
    await writeFile(file, yaml);
    const seals = sealingKeys.map((key, at) => [`SEAL_${at}`, key]);
    const env = { STATE_PASSWORD: PASSWORD, ...Object.fromEntries(seals) };
    const cli = new CliProcess(['run', file], { cwd: this.#folder, env });
    this.#started.push(cli);
    const [, url] = await cli.seen(/main +(http:\/\/127\.0\.0\.1:\d+\/mcp)/);
    const [, opsUrl] = await cli.seen(/\(operations\) +(http:\/\/127\.0\.0\.1:\d+)/);
    return { url: url!, opsUrl: opsUrl!, peerPort, peerHost, cli, file };
  }

  /** Starts several at once. */
  startMany(count: number, options: ReplicasOptions = {}): Promise<readonly Replica[]> {
    return Promise.all(Array.from({ length: count }, () => this.start(options)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((cli) => cli.close()));
    await rm(this.#folder, { recursive: true });
  }
}
