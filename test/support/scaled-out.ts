/** Three gateways of one configuration, each on a machine of its own, behind HAProxy, with one store. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { CliProcess } from './cli-process.ts';
import { Haproxy } from './haproxy.ts';
import { type Machine, Network } from './namespaces.ts';
import { PASSWORD, RedisServer } from './redis-server.ts';

export interface ScaledReplica {
  readonly machine: Machine;
  /** Its own endpoint, past the load balancer. */
  readonly url: string;
  readonly opsUrl: string;
  readonly cli: CliProcess;
}

export interface ScaledOptions {
  /** URLs on loopback, by name. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly onUnavailable: 'deny' | 'local';
  readonly limits: Readonly<Record<string, object>>;
  /** Ids of callers. */
  readonly callers: readonly string[];
}

/** Servers by their paths; each has the limit of its name, if there is one. */
const PATHS = { main: '/mcp', limited: '/limited', metered: '/metered' } as const;

const COUNT = 3;
const [MAIN_PORT, OPS_PORT, PEER_PORT] = [8080, 9090, 7946];

export class ScaledOut implements AsyncDisposable {
  readonly network: Network;
  readonly store: RedisServer;
  readonly replicas: ScaledReplica[] = [];
  /** The token of each caller. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly #folder: string;
  #balancer: Haproxy | undefined;

  private constructor(
    network: Network,
    store: RedisServer,
    folder: string,
    tokens: Readonly<Record<string, string>>,
  ) {
    this.network = network;
    this.store = store;
    this.#folder = folder;
    this.tokens = tokens;
  }

  static async start(options: ScaledOptions): Promise<ScaledOut> {
    const network = new Network(COUNT);
    const made = options.callers.map((id) => ({ id, ...makeApiKey(id) }));
    const tokens = Object.fromEntries(made.map(({ id, key }) => [id, key]));
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-scaled-'));
    const all = new ScaledOut(network, await RedisServer.start(network.host), folder, tokens);
    try {
      const keys = made.map(({ id, hash }) => ({ id, hash, servers: Object.keys(PATHS) }));
      await all.#startAll(options, JSON.stringify({ keys }));
    } catch (thrown) {
      await all[Symbol.asyncDispose]();
      throw thrown;
    }
    return all;
  }

  /** The endpoint of a server, through the load balancer. */
  url(server: keyof typeof PATHS = 'main'): string {
    return `${this.#balancer!.origin}${PATHS[server]}`;
  }

  /** Ends one at once, as a crash does. */
  async kill(place: number): Promise<void> {
    await this.replicas[place]!.cli.close();
  }

  /** Starts it again where it was. */
  async revive(place: number): Promise<void> {
    this.replicas[place] = await this.#startOne(place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.replicas.map(({ cli }) => cli.close()));
    await this.#balancer?.close();
    await this.store.close();
    this.network[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startAll(options: ScaledOptions, keys: string): Promise<void> {
    const { machines, host } = this.network;
    const at = await Haproxy.place(host);
    const lent = await Promise.all(
      Object.entries(options.upstreams).map(
        async ([name, url]) => [name, await this.network.lend(url)] as const,
      ),
    );
    for (const [place, { address }] of machines.entries()) {
      const folder = join(this.#folder, String(place));
      await mkdir(folder);
      await writeFile(join(folder, 'keys.yaml'), keys);
      const yaml = configurationOf(
        address,
        `http://${at}`,
        this.store.url,
        Object.fromEntries(lent),
        options,
      );
      await writeFile(join(folder, 'gateway.yaml'), yaml);
    }
    this.replicas.push(...(await Promise.all(machines.map((_, place) => this.#startOne(place)))));
    this.#balancer = await Haproxy.start(
      at,
      machines.map(({ address }) => `${address}:${MAIN_PORT}`),
    );
  }

  async #startOne(place: number): Promise<ScaledReplica> {
    const machine = this.network.machines[place]!;
    const { address, within } = machine;
    const cwd = join(this.#folder, String(place));
    const env = { STATE_PASSWORD: PASSWORD, SEAL: 'the sealing key of all replicas of a test' };
    const cli = new CliProcess(['run'], { cwd, env, within });
    await cli.seen(/\(operations\) +http/);
    const url = `http://${address}:${MAIN_PORT}${PATHS.main}`;
    return { machine, url, opsUrl: `http://${address}:${OPS_PORT}`, cli };
  }
}

const configurationOf = (
  address: string,
  origin: string,
  storeUrl: string,
  upstreams: Readonly<Record<string, string>>,
  { onUnavailable, limits }: ScaledOptions,
): string =>
  JSON.stringify({
    version: 1,
    listeners: {
      main: {
        bind: `${address}:${MAIN_PORT}`,
        url: origin,
        hosts: [new URL(origin).host, `${address}:${MAIN_PORT}`],
      },
      ops: {
        bind: `${address}:${OPS_PORT}`,
        serve: ['health', 'metrics', 'status', 'revoke'],
        anonymous: true,
      },
    },
    identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
    servers: Object.fromEntries(
      Object.entries(PATHS).map(([name, path]) => [
        name,
        {
          at: [{ listener: 'main', path }],
          identity: ['robots'],
          expose: Object.keys(upstreams).map((upstream) => ({ upstream })),
          ...(name in limits ? { limits: [name] } : {}),
        },
      ]),
    ),
    upstreams: Object.fromEntries(
      Object.entries(upstreams).map(([name, url]) => [name, { type: 'http', endpoints: [url] }]),
    ),
    // The network is one of this machine alone.
    lints: { GW4006: 'off', GW4013: 'off', GW4016: 'off', GW4021: 'off', GW4022: 'off' },
    limits,
    sealing: { keys: ['${env:SEAL}'] },
    state: {
      type: 'valkey',
      url: storeUrl,
      password: '${env:STATE_PASSWORD}',
      timeout: '10s',
      onUnavailable,
      peers: { bind: `${address}:${PEER_PORT}` },
    },
  });
