import { afterEach, describe, expect, it } from 'vitest';
import { replyEmpty } from '../../../runtime/listen/reply.ts';
import type { ListenerNode } from '../../../schema/graph/listener.ts';
import { listenerNode, type ServedListener, serve, until } from './listener-fixture.ts';
import { RawConnection } from './raw-client.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

const start = async (changes: Partial<ListenerNode>): Promise<void> => {
  served = await serve(listenerNode(changes), { '/ok': (exchange) => replyEmpty(exchange, 204) });
};

const capped = (changes: Partial<ListenerNode['connections']>): Partial<ListenerNode> => ({
  connections: { ...listenerNode().connections, ...changes },
});

const GET = 'GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A connection that has had an answer. */
const connected = async (): Promise<RawConnection> => {
  const connection = new RawConnection(served.port);
  connection.write(GET);
  await connection.until('HTTP/1.1 204');
  return connection;
};

const refused = async (): Promise<void> => {
  const connection = new RawConnection(served.port);
  connection.write(GET);
  await connection.closed;
  expect(connection.text).toBe('');
};

describe('the connection gate', () => {
  it('cuts off connections beyond the cap and admits again when one has gone', async () => {
    await start(capped({ max: 2 }));
    const open = [await connected(), await connected()];
    await refused();
    expect(served.observer.refused).toEqual(['max']);
    open[0]!.socket.destroy();
    await until(() => served.observer.closed === 1);
    await connected().then(({ socket }) => socket.destroy());
    open[1]!.socket.destroy();
  });

  it('cuts off connections of one address beyond its own cap', async () => {
    await start(capped({ maxPerAddress: 1 }));
    const first = await connected();
    await refused();
    expect(served.observer.refused).toEqual(['max_per_address']);
    first.socket.destroy();
  });

  it('does not count the cap per address for a trusted proxy', async () => {
    await start({ ...capped({ maxPerAddress: 1 }), trustedProxies: ['127.0.0.0/8'] });
    const open = [await connected(), await connected()];
    expect(served.observer.refused).toEqual([]);
    for (const { socket } of open) socket.destroy();
  });

  it('closes the connection of an address that is not admitted before a byte is read', async () => {
    await start({ ip: { allow: ['192.0.2.0/24'], deny: [] } });
    await refused();
    expect(served.observer.refused).toEqual(['address']);
    expect(served.observer.opened).toBe(0);
    served.swap(listenerNode());
    await connected().then(({ socket }) => socket.destroy());
  });

  it('lets a trusted proxy connect whatever the rules say of it, and applies them to its requests', async () => {
    await start({ ip: { allow: ['192.0.2.0/24'], deny: [] }, trustedProxies: ['127.0.0.1/32'] });
    const connection = new RawConnection(served.port);
    connection.write(GET);
    await connection.until('HTTP/1.1 403');
    connection.write(GET.replace('\r\n\r\n', '\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n'));
    await connection.until('HTTP/1.1 204');
    connection.socket.destroy();
  });
});
