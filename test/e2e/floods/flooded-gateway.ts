/** A gateway in a process of its own that is flooded, and a client of it that does no wrong. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../../support/certificate.ts';
import { CliProcess } from '../../support/cli-process.ts';
import { configuration } from '../../support/configuration.ts';
import { scrape } from '../../support/scrape.ts';
import type { Asked, Told } from './fixtures/healthy-client.ts';

/** What the process may have in memory. */
export const CAP_BYTES = 640 * 1024 * 1024;

/** Connections that there may be at a time on each listener. */
export const MAX_CONNECTIONS = 2_500;

const HEALTHY = fileURLToPath(new URL('./fixtures/healthy-client.ts', import.meta.url));
const CALLS = 100;
const ROUNDS = 5;

export interface Target {
  readonly port: number;
  readonly tlsPort: number;
  readonly opsUrl: string;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export class FloodedGateway {
  readonly target: Target;
  readonly #process: CliProcess;
  readonly #healthy: ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(target: Target, process: CliProcess, healthy: ChildProcess, folder: string) {
    this.target = target;
    this.#process = process;
    this.#healthy = healthy;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${target.port}/mcp`;
  }

  static async start(): Promise<FloodedGateway> {
    const healthy = fork(HEALTHY);
    const [[echo, hanging]] = (await once(healthy, 'message')) as [[string, string]];
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-flood-'));
    const { certificate, key } = makeCertificate('flooded');
    await writeFile(join(folder, 'tls.crt'), certificate);
    await writeFile(join(folder, 'tls.key'), key);
    const tls = { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' };
    const connections = { max: MAX_CONNECTIONS, headerTimeout: '1s', bodyTimeout: '1s' };
    const yaml = JSON.parse(
      configuration(
        { echo, hanging },
        {
          listener: { connections },
          pressure: { memory: '640MiB', eventLoopDelay: '1h' },
          sessions: { subscriptions: { maxPerPrincipal: 150 } },
          telemetry: { log: { access: true } },
        },
      ),
    );
    yaml.listeners.secure = { bind: '127.0.0.1:0', tls, http: ['h2', 'http/1.1'], connections };
    yaml.servers.main.at.push({ listener: 'secure', path: '/mcp' });
    await writeFile(join(folder, 'gateway.yaml'), JSON.stringify(yaml));
    const gateway = new CliProcess(['run'], { cwd: folder });
    const portOf = async (pattern: RegExp): Promise<number> => Number((await gateway.seen(pattern))[1]);
    const port = await portOf(/http:\/\/127\.0\.0\.1:(\d+)\/mcp/);
    const tlsPort = await portOf(/https:\/\/127\.0\.0\.1:(\d+)\/mcp/);
    const opsPort = await portOf(/operations\)\s+http:\/\/127\.0\.0\.1:(\d+)/);
    const target = { port, tlsPort, opsUrl: `http://127.0.0.1:${opsPort}` };
    return new FloodedGateway(target, gateway, healthy, folder);
  }

  /** The median of the 99th percentile of rounds of calls, all of which have to be answered. */
  async healthyP99Ms(): Promise<number> {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      this.#healthy.send({ url: this.#url, calls: CALLS } satisfies Asked);
      const [{ failures, p99Ms }] = (await once(this.#healthy, 'message')) as [Told];
      if (failures.length > 0) throw new Error(`${failures.length} calls failed: ${failures[0]}`);
      rounds.push(p99Ms);
    }
    return median(rounds);
  }

  /** What the process had in memory at most since this was asked last. */
  async peakBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.child.pid}/status`, 'utf8');
    await writeFile(`/proc/${this.#process.child.pid}/clear_refs`, '5');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** The samples of a scrape by series. */
  samples(): Promise<ReadonlyMap<string, number>> {
    return scrape(this.target.opsUrl);
  }

  /** All that was logged so far. */
  get log(): string {
    return this.#process.err;
  }

  async close(): Promise<void> {
    this.#healthy.kill();
    await this.#process.close();
    await rm(this.#folder, { recursive: true });
  }
}
