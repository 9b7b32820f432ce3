/** Whether addresses are free: sockets that share a port would share it with another gateway, too. */
import { createServer } from 'node:net';
import type { BindAddress, ListenerNode } from '../../schema/graph/listener.ts';

type Listeners = Readonly<Record<string, ListenerNode>>;

const addressesOf = (listeners: Listeners): ReadonlyMap<string, Extract<BindAddress, { type: 'tcp' }>> =>
  new Map(
    Object.values(listeners).flatMap(({ bind }) =>
      bind.type === 'tcp' && bind.port !== 0 ? [[`${bind.host} ${bind.port}`, bind] as const] : [],
    ),
  );

const assertFree = async (host: string, port: number): Promise<void> => {
  const server = createServer();
  const bound = Promise.withResolvers<void>();
  server.once('error', bound.reject);
  server.listen({ host, port, exclusive: true }, bound.resolve);
  await bound.promise;
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
};

/** Rejects with the system's error for the first address of `next` that is neither among those of `own` nor free. */
export const assertAddressesFree = async (next: Listeners, own: Listeners): Promise<void> => {
  const held = addressesOf(own);
  for (const [address, { host, port }] of addressesOf(next))
    if (!held.has(address)) await assertFree(host, port);
};
