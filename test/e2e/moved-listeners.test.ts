import events from 'node:events';
import { createConnection } from 'node:net';
import tls from 'node:tls';
import { Client, Pool } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { modernBody, modernHeaders } from '../support/modern-client.ts';
import { StartedGateway } from '../support/started-gateway.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

// Threads load the program anew.
vi.setConfig({ testTimeout: 60_000 });

const TLS = { certificate: '${file:./tls.pem}', key: '${file:./tls.pem}' };
const certificates = ['one', 'two'].map((name) => {
  const { certificate, key } = makeCertificate(name);
  return certificate + key;
});

let upstream: FastUpstream;
let port: number;
let other: number;
beforeEach(async () => {
  upstream = await startToolUpstream('first', ['one']);
  port = await freePort();
  other = await freePort();
});
afterEach(() => upstream.close());

type Listeners = Readonly<Record<string, { readonly port: number; readonly tls?: object }>>;

const graph = (workers: number, listeners: Listeners): string => {
  const yaml = JSON.parse(configuration({ first: upstream.url }, { workers }));
  delete yaml.listeners.main;
  // Probes come as fast as they can.
  for (const [name, { port: at, tls: material }] of Object.entries(listeners))
    yaml.listeners[name] = {
      bind: `127.0.0.1:${at}`,
      connections: { handshakes: '100000/s' },
      ...(material && { tls: material }),
    };
  yaml.servers.main.at = Object.keys(listeners).map((listener) => ({ listener, path: '/mcp' }));
  yaml.reload = { watch: false, drain: { window: '100ms', deadline: '20s' } };
  return JSON.stringify(yaml);
};

const applied = async (gateway: StartedGateway, text: string): Promise<void> => {
  const { result, diagnostics, error } = await gateway.load(text);
  expect([result, diagnostics, error]).toEqual(['applied', [], undefined]);
};

/** What a test begins with. */
const serves = async (gateway: StartedGateway, text: string): Promise<void> => {
  await gateway.writeBeside('tls.pem', certificates[0]!);
  await applied(gateway, text);
};

const CALL = { name: 'one', arguments: {} };

/** One call; its status. */
const call = async (client: Client | Pool): Promise<number> => {
  const { statusCode, body } = await client.request({
    path: '/mcp',
    method: 'POST',
    headers: modernHeaders('tools/call', CALL, {}),
    body: modernBody('tools/call', CALL),
  });
  await body.dump();
  return statusCode;
};

/** One call over a connection of its own; a status, or why there is none. */
const once = async (origin: string): Promise<number | string> => {
  const client = new Client(origin, { connect: { rejectUnauthorized: false } });
  try {
    return await call(client);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    await client.destroy();
  }
};

const clear = (at = port) => `http://127.0.0.1:${at}`;
const secure = (at = port) => `https://127.0.0.1:${at}`;

describe.each([1, 2])('with %i thread(s), a listener', (workers) => {
  let gateway: StartedGateway;
  beforeAll(async () => {
    upstream = await startToolUpstream('first', ['one']);
    const text = graph(workers, { first: { port: await freePort() } });
    gateway = await StartedGateway.start(text, { files: { 'tls.pem': certificates[0]! } });
    await upstream.close();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('is renamed, and trades its name with another, while no request and no connection is lost', async () => {
    const shapes: Listeners[] = [
      { a: { port }, b: { port: other } },
      { c: { port }, b: { port: other } },
      { b: { port }, c: { port: other } },
      { a: { port: other }, c: { port } },
    ];
    await serves(gateway, graph(workers, shapes[0]!));
    const connections = { opened: 0 };
    const pools = [port, other].map((at) => new Pool(clear(at), { connections: 4 }));
    for (const pool of pools)
      pool.on('connect', () => {
        connections.opened += 1;
      });
    let over = false;
    const failures: unknown[] = [];
    let calls = 0;
    const drive = async (pool: Pool): Promise<void> => {
      while (!over) {
        const status = await call(pool).catch((error: Error) => error);
        calls += 1;
        if (status !== 200) failures.push(status);
      }
    };
    const driving = pools.flatMap((pool) => [drive(pool), drive(pool), drive(pool), drive(pool)]);
    for (let turn = 1; turn <= 12; turn += 1) {
      const before = calls;
      await applied(gateway, graph(workers, shapes[turn % shapes.length]!));
      await expect.poll(() => calls - before, { timeout: 10_000, interval: 5 }).toBeGreaterThan(16);
    }
    over = true;
    await Promise.all(driving);
    await Promise.all(pools.map((pool) => pool.close()));
    expect(failures).toEqual([]);
    expect(connections.opened).toBe(8);
  });

  it('has TLS put before it and taken away at its address: nobody is refused, and calls in flight finish', async () => {
    await serves(gateway, graph(workers, { main: { port } }));
    const held: Received[] = [];
    let refused = 0;
    let probes = 0;
    let over = false;
    const probing = (async () => {
      while (!over) {
        const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
          const socket = createConnection({ port, host: '127.0.0.1' });
          socket.once('connect', () => resolve(undefined));
          socket.once('error', resolve);
          socket.once('connect', () => socket.destroy());
        });
        probes += 1;
        if (error !== undefined) refused += 1;
      }
    })();

    for (let turn = 0; turn < 4; turn += 1) {
      const [before, after] = turn % 2 === 0 ? [clear(), secure()] : [secure(), clear()];
      expect(await once(before)).toBe(200);
      upstream.behave((received) => held.push(received));
      const client = new Client(before, { connect: { rejectUnauthorized: false } });
      let isOpen = true;
      client.on('disconnect', () => {
        isOpen = false;
      });
      const inFlight = call(client);
      await upstream.until(() => held.length === 1);
      const material = turn % 2 === 0 ? { tls: TLS } : {};
      await applied(gateway, graph(workers, { main: { port, ...material } }));
      expect(await once(before)).not.toBe(200);
      upstream.behave(answer);
      expect(await once(after)).toBe(200);
      answer(held.pop()!);
      expect(await inFlight).toBe(200);
      // The connection that it came on is not used again.
      await expect.poll(() => isOpen).toBe(false);
      await client.destroy();
      const { listeners } = await gateway.status();
      expect(listeners.find(({ name }) => name === 'main')?.url).toBe(after);
    }
    over = true;
    await probing;
    expect([refused, probes > 20]).toEqual([0, true]);
  });

  it('is added, moved, removed and added again, while the others serve on', async () => {
    const third = await freePort();
    await serves(gateway, graph(workers, { main: { port } }));
    const client = new Client(clear());
    const served = async () => [await call(client), await once(clear(other)), await once(clear(third))];
    const away = 'ECONNREFUSED';
    expect(await served()).toEqual([200, away, away]);
    await applied(gateway, graph(workers, { main: { port }, more: { port: other } }));
    expect(await served()).toEqual([200, 200, away]);
    await applied(gateway, graph(workers, { main: { port }, more: { port: third } }));
    expect(await served()).toEqual([200, away, 200]);
    await applied(gateway, graph(workers, { main: { port } }));
    expect(await served()).toEqual([200, away, away]);
    await applied(gateway, graph(workers, { main: { port }, more: { port: other } }));
    expect(await served()).toEqual([200, 200, away]);
    await client.destroy();
  });

  it('has its certificate replaced in place: what is open goes on, new connections are shown the new one', async () => {
    await serves(gateway, graph(workers, { main: { port, tls: TLS } }));
    const shown = async (): Promise<unknown> => {
      const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await events.once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    const held: Received[] = [];
    upstream.behave((received) => held.push(received));
    const client = new Client(secure(), { connect: { rejectUnauthorized: false } });
    let connections = 0;
    client.on('connect', () => {
      connections += 1;
    });
    const inFlight = call(client);
    await upstream.until(() => held.length === 1);
    expect(await shown()).toBe('one');
    await gateway.writeBeside('tls.pem', certificates[1]!);
    await applied(gateway, graph(workers, { main: { port, tls: TLS } }));
    for (let times = 0; times < 4; times += 1) expect(await shown()).toBe('two');
    upstream.behave(answer);
    answer(held[0]!);
    expect([await inFlight, await call(client), connections]).toEqual([200, 200, 1]);
    await client.destroy();
  });

  it('that shall have a bad certificate is refused, and serves clear text on', async () => {
    await serves(gateway, graph(workers, { main: { port } }));
    const client = new Client(clear());
    expect(await call(client)).toBe(200);
    await gateway.writeBeside('tls.pem', 'no certificate');
    expect((await gateway.load(graph(workers, { main: { port, tls: TLS } }))).result).toBe('failed');
    expect(await call(client)).toBe(200);
    expect(await once(clear())).toBe(200);
    await gateway.writeBeside('tls.pem', certificates[1]!);
    await applied(gateway, graph(workers, { main: { port, tls: TLS } }));
    expect(await once(secure())).toBe(200);
    await client.destroy();
  });

  it('that is removed takes no connection from then on, also while a call on it is in flight', async () => {
    await serves(gateway, graph(workers, { main: { port }, more: { port: other } }));
    const held: Received[] = [];
    const client = new Client(clear(other));
    expect(await call(client)).toBe(200);
    upstream.behave((received) => held.push(received));
    const inFlight = call(client);
    await upstream.until(() => held.length === 1);
    await applied(gateway, graph(workers, { main: { port } }));
    expect(await once(clear(other))).toBe('ECONNREFUSED');
    upstream.behave(answer);
    expect(await once(clear())).toBe(200);
    await applied(gateway, graph(workers, { main: { port }, again: { port: other } }));
    expect(await once(clear(other))).toBe(200);
    answer(held[0]!);
    expect(await inFlight).toBe(200);
    await client.destroy();
  });
});

it('connections that come before the graph of their listener serves wait for it, with and without TLS', async () => {
  await using gateway = await StartedGateway.start(graph(1, { main: { port } }), {
    files: { 'tls.pem': certificates[0]! },
  });
  const yaml = JSON.parse(
    graph(1, { main: { port }, more: { port: other, tls: TLS }, third: { port: await freePort() } }),
  );
  const third = Number(yaml.listeners.third.bind.split(':')[1]);
  // Its start takes a while, with the new addresses bound already.
  yaml.upstreams.slow = {
    type: 'stdio',
    command: [process.execPath, '-e', 'setTimeout(() => process.exit(1), 1500)'],
  };
  yaml.servers.main.expose.push({ upstream: 'slow', prefix: 's_' });
  await gateway.write(JSON.stringify(yaml));
  const failing = gateway.reload();
  const waiting = async (origin: string) => {
    for (;;) {
      const found = await once(origin);
      if (found !== 'ECONNREFUSED') return found;
    }
  };
  const cut = [waiting(secure(other)), waiting(clear(third))];
  expect((await failing).result).toBe('failed');
  for (const each of cut) expect(await each).toMatch(/UND_ERR_SOCKET|ECONNRESET|EPIPE/);

  yaml.upstreams.slow.command[2] = `setTimeout(() => import(${JSON.stringify(new URL('../support/stdio-tool-server.ts', import.meta.url).href)}), 700)`;
  await gateway.write(JSON.stringify(yaml));
  const good = gateway.reload();
  const served = [waiting(secure(other)), waiting(clear(third))];
  expect((await good).result).toBe('applied');
  for (const each of served) expect(await each).toBe(200);
});
