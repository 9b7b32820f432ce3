/** HAProxy as a load balancer without affinity: each request goes to the next server that is there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from './free-port.ts';

export const isHaproxyMissing = spawnSync('haproxy', ['-v']).error !== undefined;

const configurationOf = (at: string, servers: readonly string[]): string => `
global
  maxconn 1000
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
  option redispatch 1
  retries 3
  retry-on conn-failure
frontend all
  bind ${at}
  default_backend replicas
backend replicas
  balance roundrobin
  http-reuse never
${servers.map((server, index) => `  server replica${index} ${server} check inter 200ms fall 1 rise 1`).join('\n')}
`;

export class Haproxy {
  readonly origin: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(origin: string, folder: string, child: ChildProcess) {
    this.origin = origin;
    this.#folder = folder;
    this.#process = child;
  }

  /** A free place to balance at, on an address of this machine. */
  static async place(host: string): Promise<string> {
    return `${host}:${await freePort()}`;
  }

  /** @param servers as `address:port` */
  static async start(at: string, servers: readonly string[]): Promise<Haproxy> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-haproxy-'));
    const file = join(folder, 'haproxy.cfg');
    await writeFile(file, configurationOf(at, servers));
    const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    const made = new Haproxy(`http://${at}`, folder, child);
    await vi.waitFor(() => fetch(made.origin), { timeout: 10_000 });
    return made;
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
