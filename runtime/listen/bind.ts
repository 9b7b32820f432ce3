import { unlink } from 'node:fs/promises';
import { connect, isIPv6, type ListenOptions, type Server } from 'node:net';
import type { BindAddress } from '../../schema/graph/listener.ts';

/** Several threads take connections at one address. */
export interface BindTogether {
  /** In place of port 0: what another thread was given. */
  readonly port: number | undefined;
}

const listenOnce = (server: Server, bind: BindAddress, together: BindTogether | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      server.off('listening', done);
      reject(error);
    };
    const done = (): void => {
      server.off('error', fail);
      resolve();
    };
    server.once('error', fail);
    server.once('listening', done);
    server.listen(listenOptions(bind, together));
  });

const listenOptions = (bind: BindAddress, together: BindTogether | undefined): ListenOptions => {
  if (bind.type === 'unix') return { path: bind.path };
  const { host, port } = bind;
  if (together === undefined) return { host, port };
  return { host, port: port === 0 ? (together.port ?? 0) : port, reusePort: true };
};

/** Whether a unix socket's file was left behind by a process that is gone. */
const isStale = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });

/** Listens on an address; the file of a unix socket that nobody serves any more is replaced. */
export const bindServer = async (
  server: Server,
  bind: BindAddress,
  together?: BindTogether,
): Promise<void> => {
  try {
    await listenOnce(server, bind, together);
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    if (!inUse || bind.type !== 'unix' || !(await isStale(bind.path))) throw error;
    await unlink(bind.path);
    await listenOnce(server, bind, together);
  }
};

/** The origin of a bound address; empty for a unix socket. */
export const urlOf = (bound: BindAddress, secure: boolean): string => {
  if (bound.type === 'unix') return '';
  const host = isIPv6(bound.host) ? `[${bound.host}]` : bound.host;
  return `${secure ? 'https' : 'http'}://${host}:${bound.port}`;
};
