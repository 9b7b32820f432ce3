/** Machines of a test: network namespaces on a bridge of their own, gone with the test whatever becomes of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Why there can be none here; undefined if there can. */
export const whyNoNamespaces = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'network namespaces want root';
  return spawnSync('ip', ['netns', 'list']).status === 0 ? undefined : '`ip netns` does not work here';
};

export const isNftMissing = spawnSync('nft', ['--version']).error !== undefined;

const ip = (...args: readonly string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const NAME = /^gwtest-(\d+)-/;

const isAlive = (pid: number): boolean => spawnSync('kill', ['-0', String(pid)]).status === 0;

/** What a test that was killed has left behind. */
const dropLeftBehind = (): void => {
  for (const line of ip('netns', 'list').split('\n')) {
    const pid = NAME.exec(line)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) spawnSync('ip', ['netns', 'delete', line.split(' ')[0]!]);
  }
  for (const [, bridge, pid] of ip('-o', 'link', 'show', 'type', 'bridge').matchAll(/: (gwb(\d+)):/g))
    if (!isAlive(Number(pid))) spawnSync('ip', ['link', 'delete', bridge!]);
};

const freeSubnet = (): string => {
  const taken = ip('-o', '-4', 'addr');
  for (let third = process.pid % 256, tries = 0; tries < 256; third = (third + 1) % 256, tries += 1)
    if (!taken.includes(` 10.213.${third}.`)) return `10.213.${third}`;
  throw new Error('no subnet is free');
};

export interface Machine {
  readonly address: string;
  /** The command that runs another one there. */
  readonly within: readonly string[];
  /** Runs one there to its end. */
  run(...command: readonly string[]): string;
}

/** The system takes away the links of a namespace some time after it: no name comes twice. */
let links = 0;

export class Network implements Disposable {
  /** The address of the test's own machine. */
  readonly host: string;
  readonly machines: readonly Machine[];
  readonly #bridge = `gwb${process.pid}`;
  readonly #names: string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #onExit = (): void => this.#drop();

  /** @param count machines beside the test's own */
  constructor(count: number) {
    dropLeftBehind();
    process.once('exit', this.#onExit);
    const subnet = freeSubnet();
    this.host = `${subnet}.1`;
    try {
      ip('link', 'add', this.#bridge, 'type', 'bridge');
      ip('addr', 'add', `${this.host}/24`, 'dev', this.#bridge);
      ip('link', 'set', this.#bridge, 'up');
      this.machines = Array.from({ length: count }, (_, at) => this.#addMachine(at, `${subnet}.${at + 11}`));
    } catch (thrown) {
      this[Symbol.dispose]();
      throw thrown;
    }
  }

  #addMachine(at: number, address: string): Machine {
    const name = `gwtest-${process.pid}-${at}`;
    const own = `${process.pid.toString(36)}-${links}`;
    links += 1;
    const [outer, inner] = [`gwo${own}`, `gwi${own}`];
    ip('netns', 'add', name);
    this.#names.push(name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
    ip('link', 'set', outer, 'master', this.#bridge, 'up');
    const within = ['ip', 'netns', 'exec', name] as const;
    const run = (...command: readonly string[]): string =>
      execFileSync('ip', [...within.slice(1), ...command], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    run('ip', 'link', 'set', 'lo', 'up');
    run('ip', 'addr', 'add', `${address}/24`, 'dev', inner);
    run('ip', 'link', 'set', inner, 'up');
    return { address, within, run };
  }

  /** The URL by which machines reach what listens on loopback of the test's own. */
  async lend(url: string): Promise<string> {
    const lent = new URL(url);
    const port = Number(lent.port);
    const server = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      for (const each of [socket, onward]) {
        this.#sockets.add(each);
        each.on('close', () => this.#sockets.delete(each));
      }
      socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
      onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    this.#servers.push(server);
    server.listen(0, this.host);
    await once(server, 'listening');
    lent.hostname = this.host;
    lent.port = String((server.address() as AddressInfo).port);
    return lent.href;
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#onExit);
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#drop();
  }

  #drop(): void {
    for (const name of this.#names) spawnSync('ip', ['netns', 'delete', name]);
    spawnSync('ip', ['link', 'delete', this.#bridge]);
  }
}
