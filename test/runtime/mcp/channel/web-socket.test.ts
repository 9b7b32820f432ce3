import { randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebExchange } from '../../../../runtime/listen/exchange.ts';
import { newRecord } from '../../../../runtime/listen/exchange-record.ts';
import { type Beating, heartbeat } from '../../../../runtime/listen/heartbeat.ts';
import { BODY_BLOCK_BYTES, OVERLOADED, type Shedding } from '../../../../runtime/listen/shedding.ts';
import { UnreadRoom } from '../../../../runtime/listen/unread-room.ts';
import { type SocketContext, serveWebSocket } from '../../../../runtime/mcp/channel/web-socket.ts';
import { LastingCallers } from '../../../../runtime/mcp/lasting-callers.ts';
import type { Place } from '../../../../runtime/mcp/server.ts';
import { ANONYMOUS } from '../../../../schema/principal.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PATIENCE = { timeout: 10_000 };

/** A client's end without a network between, so that nothing is read but what it reads. */
class Client extends Duplex {
  /** Bytes that have come to it, and the last of them. */
  told = 0;
  text = '';
  readonly #reads: boolean;

  constructor({ reads }: { readonly reads: boolean }) {
    super();
    this.#reads = reads;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.told += chunk.length;
    this.text = `${this.text}${chunk.toString('latin1')}`.slice(-1000);
    if (this.#reads) done();
  }

  /** Begins a message of so many bytes, of which so many come. */
  begin(length: number, coming: number): void {
    const head = Buffer.alloc(14);
    head.set([0x81, 0x80 | 127]);
    head.writeBigUInt64BE(BigInt(length), 2);
    this.push(Buffer.concat([head, Buffer.alloc(coming)]));
  }

  /** The first frame of a message of several. */
  fragment(length: number): void {
    const head = Buffer.alloc(8);
    head.set([0x01, 0x80 | 126]);
    head.writeUInt16BE(length, 2);
    this.push(Buffer.concat([head, Buffer.alloc(length, 0x20)]));
  }

  pong(): void {
    this.push(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
  }

  /** Asks with an id of so many characters, which the answer repeats. */
  ping(length: number): void {
    this.push(Client.pingOf(length));
  }

  static pingOf(length: number): Buffer {
    const text = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(length), method: 'ping' }));
    const head = Buffer.alloc(14);
    head.set([0x81, 0x80 | 127]);
    head.writeBigUInt64BE(BigInt(text.length), 2);
    return Buffer.concat([head, text]);
  }
}

let room: UnreadRoom;
let shedding: Shedding;
/** Blocks of messages: what there may be, what is held, and what was. */
let maxBlocks: number;
let held: number;
let taken: number;
beforeEach(() => {
  [maxBlocks, held, taken] = [Number.POSITIVE_INFINITY, 0, 0];
  room = new UnreadRoom();
  shedding = {
    sheds: false,
    refusal: () => OVERLOADED.memory,
    hold: (blocks) => {
      if (held + blocks > maxBlocks) return false;
      held += blocks;
      taken += blocks;
      return true;
    },
    giveBack: (blocks) => {
      held -= blocks;
    },
    unread: room,
  };
  room.relieved.add((maxUnreadBytes) => heartbeat.relieve(shedding, maxUnreadBytes));
});

const place = {
  server: {
    node: { name: 'main' },
    lasting: new LastingCallers(),
    held: { graph: undefined },
    legacyVersions: ['2025-11-25'],
  },
  maxBodyBytes: 16 * MIB,
  json: { depth: 64, items: 1000, length: 16 * MIB },
  authenticate: (_exchange: unknown, _nowMs: number, done: (outcome: unknown) => void) => done(ANONYMOUS),
} as unknown as Place;

const context = {
  place: () => place,
  observer: { exchangeStarted: () => undefined, exchangeFinished: () => undefined },
  current: () => ({ acquire: () => undefined, release: () => undefined }),
} as unknown as SocketContext;

const HEADERS = {
  upgrade: 'websocket',
  connection: 'upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64'),
  'sec-websocket-protocol': 'mcp',
};

const open = (reads: boolean): Client => {
  const client = new Client({ reads });
  const exchange = {
    record: newRecord(),
    clientAddress: '127.0.0.1',
    lifecycle: { closing: false, bodyTimeoutMs: 30_000, closers: new Set(), shedding },
    request: { method: 'GET', url: '/mcp/ws', headers: HEADERS, rawHeaders: [] },
    principal: ANONYMOUS,
    concluded: false,
  } as unknown as WebExchange;
  serveWebSocket(place, context).take(exchange, () => ({ socket: client, head: Buffer.alloc(0) }));
  return client;
};

describe('what clients of WebSockets leave unread', () => {
  it('counts with what all others leave, until they are gone', async () => {
    const client = open(false);
    client.ping(300 * KIB);
    client.ping(200 * KIB);
    await expect.poll(() => room.bytes, PATIENCE).toBeGreaterThan(500 * KIB);
    expect(room.bytes).toBeLessThan(501 * KIB);
    client.destroy();
    await expect.poll(() => room.bytes, PATIENCE).toBe(0);
  });

  it('takes the room of all together and no more: who leaves most is cut off at once', async () => {
    room.maxBytes = 2 * MIB;
    const little = open(false);
    little.ping(900 * KIB);
    await expect.poll(() => room.bytes, PATIENCE).toBeGreaterThan(900 * KIB);
    const much = open(false);
    much.ping(1100 * KIB);
    much.ping(300 * KIB);
    await expect.poll(() => much.destroyed, PATIENCE).toBe(true);
    expect(little.destroyed).toBe(false);
    expect(room.bytes).toBeLessThan(901 * KIB);
    little.destroy();
  });

  it('is nothing where they read, however much they are told', async () => {
    room.maxBytes = 100 * KIB;
    const client = open(true);
    for (let times = 0; times < 20; times += 1) client.ping(400 * KIB);
    await expect.poll(() => client.told, PATIENCE).toBeGreaterThan(20 * 400 * KIB);
    expect(client.destroyed).toBe(false);
    expect(room.bytes).toBe(0);
    client.destroy();
  });
});

describe('messages over WebSockets that do not come whole', () => {
  const relieve = (maxBytes: number): void => {
    for (const each of room.relieved) each(maxBytes);
  };
  const beginOf = async (length: number, coming: number): Promise<Client> => {
    const client = open(true);
    client.begin(length, coming);
    await expect.poll(() => client.readableLength, PATIENCE).toBe(0);
    return client;
  };

  it('are given up where much has come of them while memory is tight, and wait otherwise', async () => {
    const [much, little] = [await beginOf(4 * MIB, 3 * MIB), await beginOf(4 * MIB, 50 * KIB)];
    relieve(4 * MIB);
    expect(much.destroyed).toBe(false);
    relieve(MIB);
    await expect.poll(() => much.destroyed, PATIENCE).toBe(true);
    relieve(64 * KIB);
    expect(little.destroyed).toBe(false);
    little.destroy();
  });
});

describe('large messages over WebSockets', () => {
  it('take room until they are answered, and are refused where there is none', async () => {
    maxBlocks = 100;
    const client = open(true);
    client.ping(300 * KIB);
    await expect.poll(() => client.told, PATIENCE).toBeGreaterThan(300 * KIB);
    const whole = JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(300 * KIB), method: 'ping' });
    expect(taken).toBe(Math.ceil(whole.length / BODY_BLOCK_BYTES));
    expect(held).toBe(0);
    client.ping(10 * KIB);
    await expect.poll(() => client.told, PATIENCE).toBeGreaterThan(310 * KIB);
    maxBlocks = 10;
    client.ping(100 * KIB);
    await expect.poll(() => client.text, PATIENCE).toContain('"code":"overloaded"');
    expect(taken).toBe(Math.ceil(whole.length / BODY_BLOCK_BYTES));
    expect(held).toBe(0);
    client.destroy();
  });
});

describe('the time that messages over WebSockets have to come', () => {
  const taken = async (client: Client): Promise<void> => {
    await expect.poll(() => client.readableLength, PATIENCE).toBe(0);
  };
  const opened = (): { readonly client: Client; readonly beat: (atMs: number) => void } => {
    const added = vi.spyOn(heartbeat, 'add');
    const client = open(true);
    const channel: Beating = added.mock.calls[0]![0];
    added.mockRestore();
    const beat = (atMs: number): void => {
      const now = vi.spyOn(performance, 'now').mockReturnValue(atMs);
      channel.beat();
      now.mockRestore();
    };
    return { client, beat };
  };
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['of which a part of a frame came', (client: Client) => client.begin(MIB, 50)],
    ['of which one frame of several came', (client: Client) => client.fragment(50)],
  ])('is that of bodies, no more, for one %s', async (_, begin) => {
    const { client, beat } = opened();
    begin(client);
    await taken(client);
    for (const atMs of [10_000, 20_000, 30_000, 40_000]) beat(atMs);
    expect(client.destroyed).toBe(false);
    beat(40_001);
    await expect.poll(() => client.destroyed, PATIENCE).toBe(true);
  });

  it('is not made longer by bytes that trickle in, nor by signs of life between frames', async () => {
    const { client, beat } = opened();
    client.fragment(50);
    for (const atMs of [0, 10_000, 20_000, 30_000]) {
      client.pong();
      await taken(client);
      beat(atMs);
    }
    client.pong();
    client.push(Buffer.from([0x00, 0x80 | 50]));
    await taken(client);
    expect(client.destroyed).toBe(false);
    beat(30_001);
    await expect.poll(() => client.destroyed, PATIENCE).toBe(true);
  });

  it('is enough for one that comes slowly, and each has it anew', async () => {
    const { client, beat } = opened();
    for (const round of [0, 1, 2]) {
      const startMs = round * 30_000;
      const length = 300 + round;
      const bytes = Client.pingOf(length);
      client.push(bytes.subarray(0, 100));
      await taken(client);
      beat(startMs);
      beat(startMs + 10_000);
      client.push(bytes.subarray(100, 200));
      await taken(client);
      beat(startMs + 20_000);
      beat(startMs + 29_999);
      client.push(bytes.subarray(200));
      await expect.poll(() => client.text, PATIENCE).toContain(`"${'x'.repeat(length)}"`);
    }
    expect(client.destroyed).toBe(false);
    client.destroy();
  });

  it('leaves peers of which nothing comes to give signs of life', async () => {
    const { client, beat } = opened();
    beat(0);
    client.pong();
    await taken(client);
    beat(10_000);
    expect(client.destroyed).toBe(false);
    beat(20_000);
    await expect.poll(() => client.destroyed, PATIENCE).toBe(true);
  });
});
