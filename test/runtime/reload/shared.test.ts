import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SharedObjects } from '../../../runtime/reload/shared.ts';

/** A listening socket: a thing whose closing can be seen from outside. */
class Socket {
  readonly server: Server;

  constructor(server: Server) {
    this.server = server;
  }

  static async listen(): Promise<Socket> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return new Socket(server);
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    await promise;
  }
}

describe('shared objects', () => {
  const errors: [string, unknown][] = [];
  afterEach(() => {
    errors.length = 0;
  });
  const sockets = () => new SharedObjects<Socket>((id, error) => errors.push([id, error]));

  it('keeps one object for the same name and fingerprint until the last hold is given back', async () => {
    const shared = sockets();
    const [first, second] = await Promise.all([
      shared.acquire('listener:edge', 'a', Socket.listen),
      shared.acquire('listener:edge', 'a', Socket.listen),
    ]);
    expect(second.object).toBe(first.object);
    await first.release();
    await first.release();
    expect(first.object.server.listening).toBe(true);
    await second.release();
    expect(first.object.server.listening).toBe(false);
    expect(shared.size).toBe(0);
  });

  it('makes another object for another fingerprint and keeps the old one as long as it is held', async () => {
    const shared = sockets();
    const before = await shared.acquire('listener:edge', 'a', Socket.listen);
    const after = await shared.acquire('listener:edge', 'b', Socket.listen);
    expect(after.object).not.toBe(before.object);
    expect(before.object.server.listening).toBe(true);
    await before.release();
    expect(after.object.server.listening).toBe(true);
    await after.release();
  });

  it('makes a new object once the old one was closed', async () => {
    const shared = sockets();
    const before = await shared.acquire('listener:edge', 'a', Socket.listen);
    await before.release();
    const after = await shared.acquire('listener:edge', 'a', Socket.listen);
    expect(after.object.server.listening).toBe(true);
    await after.release();
  });

  it('hands a failed creation to all who waited for it and tries again for the next', async () => {
    const shared = sockets();
    const fail = () => Promise.reject(new Error('port in use'));
    const results = await Promise.allSettled([
      shared.acquire('listener:edge', 'a', fail),
      shared.acquire('listener:edge', 'a', Socket.listen),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = await shared.acquire('listener:edge', 'a', Socket.listen);
    expect(next.object.server.listening).toBe(true);
    await next.release();
  });

  it('takes a creation that throws at once like one that rejects', async () => {
    const shared = sockets();
    const fail = () => {
      throw new Error('bad certificate');
    };
    await expect(shared.acquire('listener:edge', 'a', fail)).rejects.toThrow('bad certificate');
    expect(shared.size).toBe(0);
  });

  it('reports an object that fails to close and forgets it', async () => {
    const shared = new SharedObjects<{ close(): void }>((id, error) => errors.push([id, error]));
    const close = () => {
      throw new Error('stuck');
    };
    const lease = await shared.acquire('upstream:files', 'a', () => ({ close }));
    await lease.release();
    expect(errors).toEqual([['upstream:files', new Error('stuck')]]);
    expect(shared.size).toBe(0);
  });
});
