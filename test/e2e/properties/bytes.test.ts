import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { answer, type FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { callTool, modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const SEED = 20261123;
const RUNS = 60;
const TIMEOUT_MS = 180_000;
/** Within which everything is answered, or its connection closed. */
const DEADLINE_MS = 20_000;

/** Answers a call with the bytes that its arguments hold, over and over, then like a server. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  const result = method === 'initialize' ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'n', version: '1' } }
    : method === 'tools/list' ? { tools: [{ name: 'read', inputSchema: { type: 'object' } }] }
    : method === 'tools/call' ? { content: [{ type: 'text', text: 'done' }] } : undefined;
  if (method === 'tools/call') process.stdout.write(Buffer.concat([Buffer.from(params.arguments.bytes, 'base64'), Buffer.from('\\n')]));
  if (id !== undefined) say(result === undefined ? { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } } : { jsonrpc: '2.0', id, result });
});
`;

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['read']);
  const server = (name: string) => ({
    at: [{ listener: 'main', path: `/${name}` }],
    anonymous: true,
    expose: [{ upstream: name }],
  });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: { one: server('one'), piped: server('piped') },
        upstreams: {
          one: { type: 'http', endpoints: [upstream.url], timeouts: { call: '5s' } },
          piped: {
            type: 'stdio',
            command: [process.execPath, '-e', PROGRAM],
            timeouts: { ...SLOW_START.timeouts, call: '5s' },
          },
        },
      },
    ),
    { tap: false },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
);

/** A right text with a part of it replaced. */
const broken = (text: string): fc.Arbitrary<Buffer> =>
  fc.tuple(fc.nat(text.length), fc.nat(12), bytes).map(([at, length, part]) => {
    const whole = Buffer.from(text);
    return Buffer.concat([whole.subarray(0, at), part.subarray(0, 20), whole.subarray(at + length)]);
  });

const CALL = { name: 'read', arguments: {} };
const MODERN = modernBody('tools/call', CALL);
const LEGACY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: CALL });
const RESULT = { resultType: 'complete', content: [{ type: 'text', text: 'done' }] };

const inTime = async <T>(promise: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer in time')), DEADLINE_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** It goes on as if nothing had been. */
const expectServing = async (server = 'one'): Promise<void> => {
  upstream.behave(answer);
  const args = { bytes: '' };
  expect((await inTime(callTool(gateway.url(server), 'read', args))).body.result).toBeDefined();
};

const settings = (runs = RUNS) => ({ seed: SEED, numRuns: runs });

it(
  'whatever a client posts is answered in time, and never by an internal error',
  async () => {
    const body = fc.oneof(bytes, broken(MODERN), broken(LEGACY), broken(`[${LEGACY},${LEGACY}]`));
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (sent, isModern) => {
        const headers = isModern
          ? modernHeaders('tools/call', CALL, {})
          : { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
        const { status } = await inTime(
          fetch(gateway.url('one'), { method: 'POST', headers, body: new Uint8Array(sent) }).then(
            async (response) => {
              await response.arrayBuffer();
              return response;
            },
          ),
        );
        expect(status).toBeLessThan(500);
      }),
      settings(200),
    );
    await expectServing();
  },
  TIMEOUT_MS,
);

it(
  'whatever stands in headers is answered in time, and never by an internal error',
  async () => {
    const value = fc.string({
      unit: fc
        .nat(0xff)
        .filter((code) => code === 9 || (code > 31 && code !== 127))
        .map((code) => String.fromCharCode(code)),
      maxLength: 60,
    });
    const name = fc.constantFrom(
      'mcp-method',
      'mcp-name',
      'mcp-protocol-version',
      'mcp-session-id',
      'mcp-param-a',
      'last-event-id',
      'origin',
      'authorization',
      'content-type',
      'accept',
      'traceparent',
      'host',
      'forwarded',
    );
    await fc.assert(
      fc.asyncProperty(name, value, fc.boolean(), async (header, text, isGet) => {
        const headers = { ...modernHeaders('tools/call', CALL, {}), [header]: text };
        const request = isGet ? { headers } : { method: 'POST', headers, body: MODERN };
        const { status } = await inTime(rawRequest(gateway.url('one'), request));
        expect(status).toBeLessThan(500);
      }),
      settings(),
    );
    await expectServing();
  },
  TIMEOUT_MS,
);

it(
  'whatever bytes come on a connection end in an answer or in its end',
  async () => {
    const port = Number(new URL(gateway.url('one')).port);
    const head =
      'POST /one HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{}{}';
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, broken(head)), async (sent) => {
        const { promise: ended, resolve } = Promise.withResolvers<void>();
        const socket = connect(port, '127.0.0.1', () => socket.end(sent));
        socket.on('data', () => undefined).on('error', () => undefined);
        socket.once('close', () => resolve());
        await inTime(ended);
      }),
      settings(),
    );
    await expectServing();
  },
  TIMEOUT_MS,
);

it(
  'whatever an upstream answers, as JSON or as a stream, the caller gets an answer in time',
  async () => {
    const right = JSON.stringify({ jsonrpc: '2.0', id: 1, result: RESULT });
    const stream = `event: message\nid: 1\nretry: 10\ndata: ${right}\n\n`;
    const type = fc.constantFrom(
      'application/json',
      'text/event-stream',
      'text/html',
      'application/json; charset=utf-16',
      '',
    );
    const status = fc.constantFrom(200, 200, 200, 202, 204, 400, 404, 500);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(bytes, broken(right), broken(stream)),
        type,
        status,
        async (sent, contentType, code) => {
          upstream.behave(({ response }) => {
            response.writeHead(code, { 'content-type': contentType });
            response.end(sent);
          });
          const { status: told } = await inTime(callTool(gateway.url('one'), 'read', {}, { valid: false }));
          expect(told).not.toBe(500);
        },
      ),
      settings(),
    );
    await expectServing();
  },
  TIMEOUT_MS,
);

it(
  'whatever a child writes, the caller gets an answer in time',
  async () => {
    const right = JSON.stringify({ jsonrpc: '2.0', id: 2, result: RESULT });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, broken(right)), async (sent) => {
        const args = { bytes: sent.toString('base64') };
        const { status } = await inTime(callTool(gateway.url('piped'), 'read', args, { valid: false }));
        expect(status).not.toBe(500);
      }),
      settings(),
    );
    await expectServing('piped');
  },
  TIMEOUT_MS,
);
