/** A real Redis server of a test's own: a free port, a temporary folder, nothing on disk that outlives it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { vi } from 'vitest';
import { freePort } from './free-port.ts';

export const isRedisMissing = spawnSync('redis-server', ['--version']).error !== undefined;

export const PASSWORD = 'a password of this test';

export class RedisServer {
  readonly host: string;
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(host: string, port: number, folder: string) {
    this.host = host;
    this.port = port;
    this.#folder = folder;
  }

  /** @param host the address that it is reached at */
  static async start(host = '127.0.0.1'): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-redis-'));
    const server = new RedisServer(host, await freePort(), folder);
    await server.resume();
    return server;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Starts it again, empty. */
  async resume(): Promise<void> {
    const options = {
      port: this.port,
      bind: this.host,
      dir: this.#folder,
      save: '',
      requirepass: PASSWORD,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    await vi.waitFor(() => this.command('PING'), { timeout: 10_000 });
  }

  /** Ends it at once, as a crash does. */
  async stop(): Promise<void> {
    const ended = this.#process;
    if (ended === undefined) return;
    this.#process = undefined;
    ended.kill('SIGKILL');
    await once(ended, 'exit');
  }

  /** Has it hold all connections and answer nothing. */
  freeze(): void {
    this.#process!.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process!.kill('SIGCONT');
  }

  /** What it answers to one command. */
  async command(...words: string[]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      password: PASSWORD,
      RESP: 2,
      socket: { reconnectStrategy: false },
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
