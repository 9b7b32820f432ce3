import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as openTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LinkKey, linkKey } from '../../../runtime/peers/link-keys.ts';
import { ReplicaDoor } from '../../../runtime/peers/replica-door.ts';
import { callReplica, LINK_TIMEOUT_MS, Unreached } from '../../../runtime/peers/replica-link.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';

const HOST = '127.0.0.1';
const KEY = 'what all replicas know';
const CIPHERS = 'TLS_AES_128_GCM_SHA256';

let port: number;
let door: ReplicaDoor;
let keys: readonly LinkKey[];
let refused: number;
let peers: Socket[];

beforeEach(async () => {
  port = await freePort();
  keys = [linkKey(KEY, 'one')];
  refused = 0;
  peers = [];
  door = new ReplicaDoor({
    bind: { type: 'tcp', host: HOST, port },
    together: undefined,
    keys: () => keys,
    onRefused: () => {
      refused += 1;
    },
  });
  await door.open((socket) => {
    peers.push(socket);
    socket.on('error', () => undefined).on('data', (bytes) => socket.write(bytes));
  });
});
afterEach(() => {
  door.close();
  for (const socket of peers) socket.destroy();
});

const call = (key: LinkKey, at = port): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    callReplica({ host: HOST, port: at }, key, (error, socket) => {
      if (error === null) resolve(socket!);
      else reject(error);
    });
  });

const echoOf = async (socket: TLSSocket, text: string): Promise<string> => {
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return String(bytes);
};

/** Everything that comes until the other end closes. */
const readAll = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks);
};

describe('the port of peers', () => {
  it('is open to who knows the key, by any that is listed', async () => {
    expect(await echoOf(await call(linkKey(KEY, 'one')), 'hello')).toBe('hello');
    keys = [linkKey('the next key', 'one'), linkKey(KEY, 'one')];
    expect(await echoOf(await call(linkKey(KEY, 'one')), 'hello')).toBe('hello');
    keys = [linkKey('the next key', 'one')];
    await expect(call(linkKey(KEY, 'one'))).rejects.toBeInstanceOf(Unreached);
  });

  it('keeps what is said from who listens to the line', async () => {
    const seen: Buffer[] = [];
    const tap = createServer((socket) => {
      const onward = connect(port, HOST);
      socket.on('error', () => onward.destroy()).on('data', (bytes: Buffer) => seen.push(bytes));
      onward.on('error', () => socket.destroy()).on('data', (bytes: Buffer) => seen.push(bytes));
      socket.pipe(onward).pipe(socket);
    });
    tap.listen(0, HOST);
    await once(tap, 'listening');
    const socket = await call(linkKey(KEY, 'one'), (tap.address() as AddressInfo).port);
    expect(await echoOf(socket, 'authorization: Bearer secret')).toContain('secret');
    expect(Buffer.concat(seen).length).toBeGreaterThan(300);
    expect(Buffer.concat(seen).toString('latin1')).not.toContain('secret');
    tap.close();
  });

  it.each<[string, LinkKey]>([
    ['knows another key', linkKey('another', 'one')],
    ['knows the name of the key alone', { ...linkKey(KEY, 'one'), key: Buffer.alloc(32) }],
    ['means another replica', linkKey(KEY, 'two')],
    ['names no key', { identity: '', key: Buffer.alloc(32, 1) }],
    ['names a key that nobody has', { identity: 'x'.repeat(128), key: Buffer.alloc(32, 1) }],
  ])('is closed to who %s', async (_, key) => {
    await expect(call(key)).rejects.toMatchObject({ isRefused: false });
    await expect.poll(() => refused).toBe(1);
    expect(peers).toEqual([]);
  });

  it('has no use for a certificate, a former session or an older TLS', async () => {
    for (const options of [
      { rejectUnauthorized: false },
      { maxVersion: 'TLSv1.2', rejectUnauthorized: false },
      {
        maxVersion: 'TLSv1.2',
        minVersion: 'TLSv1.2',
        ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
        pskCallback: () => ({ identity: linkKey(KEY, 'one').identity, psk: linkKey(KEY, 'one').key }),
      },
    ] as const) {
      const socket = openTls({ host: HOST, port, ...options });
      await expect(once(socket, 'secureConnect')).rejects.toThrow();
    }
    const tickets: Buffer[] = [];
    const open = (session?: Buffer): TLSSocket => {
      const { identity, key: psk } = linkKey(KEY, 'one');
      const resumed = session === undefined ? { pskCallback: () => ({ identity, psk }) } : { session };
      return openTls({ host: HOST, port, ciphers: CIPHERS, minVersion: 'TLSv1.3', ...resumed });
    };
    const first = open().on('session', (ticket: Buffer) => tickets.push(ticket));
    await echoOf(first, 'hello');
    for (const ticket of tickets) await expect(once(open(ticket), 'secureConnect')).rejects.toThrow();
    expect(peers).toHaveLength(1);
  });

  it('is not opened by a conversation that is said again', async () => {
    const said: Buffer[] = [];
    const tap = createServer((socket) => {
      const onward = connect(port, HOST);
      socket.on('error', () => onward.destroy()).on('data', (bytes: Buffer) => said.push(bytes));
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    tap.listen(0, HOST);
    await once(tap, 'listening');
    await echoOf(await call(linkKey(KEY, 'one'), (tap.address() as AddressInfo).port), 'do it');
    tap.close();
    const again = connect(port, HOST);
    again.write(Buffer.concat(said));
    again.end();
    await readAll(again);
    expect(peers).toHaveLength(1);
  });

  it('shows no more than an alert to who sends something else', async () => {
    for (const bytes of [
      Buffer.from('GET /mcp HTTP/1.1\r\nhost: x\r\n\r\n'),
      Buffer.alloc(100_000, 0x16),
      Buffer.from([0x16, 3, 1, 0xff, 0xff, ...Array.from({ length: 70_000 }, (_, at) => at % 256)]),
    ]) {
      const socket = connect(port, HOST);
      socket.write(bytes);
      expect((await readAll(socket)).length).toBeLessThan(16);
    }
    expect(peers).toEqual([]);
  });

  it('waits for nobody who says nothing, or goes on for ever', async () => {
    const startedMs = performance.now();
    const silent = connect(port, HOST);
    const slow = connect(port, HOST);
    const hello = Buffer.from([0x16, 3, 1, 0x02, 0x00, 1, 0, 1, 0xfc, 3, 3]);
    let at = 0;
    const drip = setInterval(() => {
      slow.write(hello.subarray(at % hello.length, (at % hello.length) + 1));
      at += 1;
    }, 100);
    await Promise.all([readAll(silent), readAll(slow)]);
    clearInterval(drip);
    expect(performance.now() - startedMs).toBeGreaterThan(LINK_TIMEOUT_MS - 100);
    expect(peers).toEqual([]);
  });

  it('lets no crowd of strangers keep a peer out', async () => {
    const crowd = Array.from({ length: 600 }, () => connect(port, HOST).on('error', () => undefined));
    await Promise.all(crowd.map((socket) => once(socket, 'connect')));
    expect(await echoOf(await call(linkKey(KEY, 'one')), 'hello')).toBe('hello');
    for (const socket of crowd) socket.destroy();
  });
});

describe('a call to a replica', () => {
  it('shows nothing to who does not know the key, whatever certificate it has', async () => {
    const { certificate, key } = makeCertificate('impostor');
    let heard = 0;
    const impostor = createTlsServer({ cert: certificate, key }, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', () => {
          heard += 1;
        });
    });
    impostor.on('tlsClientError', () => undefined).listen(0, HOST);
    await once(impostor, 'listening');
    const at = (impostor.address() as AddressInfo).port;
    await expect(call(linkKey(KEY, 'one'), at)).rejects.toBeInstanceOf(Unreached);
    expect(heard).toBe(0);
    impostor.close();
  });

  it('is not answered by another replica, though that knows the same key', async () => {
    const error = await call(linkKey(KEY, 'two')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unreached);
    expect(peers).toEqual([]);
  });

  it('tells at once that nobody listens, and in time that nobody answers', async () => {
    await expect(call(linkKey(KEY, 'one'), await freePort())).rejects.toMatchObject({ isRefused: true });
    const mute = createServer(() => undefined).listen(0, HOST);
    await once(mute, 'listening');
    const startedMs = performance.now();
    const waiting = call(linkKey(KEY, 'one'), (mute.address() as AddressInfo).port);
    await expect(waiting).rejects.toMatchObject({ isRefused: false });
    expect(performance.now() - startedMs).toBeGreaterThan(LINK_TIMEOUT_MS - 100);
    mute.close();
  });

  it('takes no answer of HTTP without TLS', async () => {
    const plain = http.createServer((_, response) => response.end('hello')).listen(0, HOST);
    await once(plain, 'listening');
    const at = (plain.address() as AddressInfo).port;
    await expect(call(linkKey(KEY, 'one'), at)).rejects.toBeInstanceOf(Unreached);
    plain.close();
  });
});
