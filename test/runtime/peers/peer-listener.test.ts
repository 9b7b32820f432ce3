import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GenerationView, Handler } from '../../../runtime/generation.ts';
import { readBody } from '../../../runtime/listen/body.ts';
import { startEventStream } from '../../../runtime/listen/event-stream.ts';
import { heartbeat } from '../../../runtime/listen/heartbeat.ts';
import { prepareListener } from '../../../runtime/listen/prepare-listener.ts';
import { replyEmpty, replyError, replyJson } from '../../../runtime/listen/reply.ts';
import { NEVER_SHEDS, OVERLOADED } from '../../../runtime/listen/shedding.ts';
import type { Door } from '../../../runtime/peers/door.ts';
import { ENVELOPE_HEADER, type Envelope, sealEnvelope } from '../../../runtime/peers/envelope.ts';
import { PeerListener } from '../../../runtime/peers/peer-listener.ts';
import { listenerNode, RecordingObserver } from '../listen/listener-fixture.ts';

const SECRET = Buffer.alloc(32, 1);

const routes: Readonly<Record<string, Handler>> = {
  '/mcp': (exchange) =>
    readBody(
      exchange,
      1024 * 1024,
      () => replyEmpty(exchange, 204),
      (error) => replyError(exchange, error),
    ),
  '/since': (exchange) =>
    void replyJson(exchange, 200, String(Math.round(performance.now() - exchange.startedMs))),
  '/secure': (exchange) => void replyJson(exchange, 200, String(exchange.secure)),
  '/stream': (exchange) => startEventStream(exchange).send('one'),
};

let shedding: { -readonly [K in keyof typeof NEVER_SHEDS]: (typeof NEVER_SHEDS)[K] };
let server: Server;
let listener: PeerListener;

beforeEach(async () => {
  shedding = { ...NEVER_SHEDS, refusal: () => OVERLOADED.memory };
  server = createServer();
  const door: Door = {
    open: async (onPeer) => {
      server.on('connection', onPeer).listen(0, '127.0.0.1');
      await once(server, 'listening');
    },
    close: () => void server.close(),
  };
  const node = listenerNode();
  const prepared = prepareListener(node, new Map(Object.entries(routes)), node.documents);
  const view: Pick<GenerationView, 'listener' | 'acquire' | 'release'> = {
    listener: () => prepared,
    acquire: () => undefined,
    release: () => undefined,
  };
  listener = new PeerListener({
    door,
    secrets: () => [SECRET],
    current: () => view as GenerationView,
    observer: new RecordingObserver(),
    shedding,
  });
  await listener.listen();
});
afterEach(() => listener.close(0, 0));

/** Sends what a peer hands over; the status, and the body as it comes. */
const handOver = async (path: string, bodyBytes: number, told: Partial<Envelope> = {}) => {
  const from = { listener: 'edge', secure: false, clientAddress: '127.0.0.1' };
  const envelope = sealEnvelope(SECRET, { ...from, ...told });
  const { port } = server.address() as AddressInfo;
  const sent = request({
    createConnection: () => connect({ port, host: '127.0.0.1' }),
    method: bodyBytes === 0 ? 'GET' : 'POST',
    path,
    headers: { host: 'localhost', [ENVELOPE_HEADER]: envelope, 'content-length': bodyBytes },
  });
  sent.end('x'.repeat(bodyBytes));
  const [response] = await once(sent, 'response');
  // Of a body that was refused the rest is not taken.
  sent.on('error', () => undefined);
  const whole = (async () => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  })();
  return { status: response.statusCode as number, retryAfter: response.headers['retry-after'], whole };
};

describe('what a peer hands over', () => {
  it('is refused as new work where the owner has too much to do, and taken again later', async () => {
    expect((await handOver('/mcp', 20_000)).status).toBe(204);
    shedding.sheds = true;
    const refused = await handOver('/mcp', 20_000);
    expect([refused.status, refused.retryAfter]).toEqual([503, '5']);
    expect(await refused.whole).toContain('"code":"overloaded"');
    expect((await handOver('/mcp', 0)).status).toBe(503);
    expect((await handOver('/mcp', 100)).status).toBe(204);
    shedding.sheds = false;
    expect((await handOver('/mcp', 0)).status).toBe(204);
  });

  it('came when it came to the peer; a peer that does not tell when has just got it', async () => {
    const sinceMs = async (elapsed?: { readonly elapsedMs: number }) =>
      Number(await (await handOver('/since', 0, elapsed)).whole);
    expect(await sinceMs({ elapsedMs: 60_000 })).toBeGreaterThanOrEqual(60_000);
    expect(await sinceMs()).toBeLessThan(30_000);
  });

  it('came as secure as its own envelope says, whatever came before to a listener of that name', async () => {
    for (const secure of [false, true, false, true])
      expect(await (await handOver('/secure', 0, { secure })).whole).toBe(String(secure));
  });

  it('takes no room that there is not', async () => {
    shedding.hold = () => false;
    expect((await handOver('/mcp', 500_000)).status).toBe(503);
    expect((await handOver('/mcp', 100)).status).toBe(204);
  });

  it('ends for a caller who is revoked while the answer comes as a stream', async () => {
    const stream = await handOver('/stream', 0);
    heartbeat.expelRevoked(shedding, () => true);
    expect(await stream.whole).toBe('data: one\n\n');
  });
});
