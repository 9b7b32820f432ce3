import { afterAll, beforeAll, expect, test } from 'vitest';
import { RPC } from '../../../runtime/errors.ts';
import { configuration } from '../../support/configuration.ts';
import type { FastUpstream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { type ModernOptions, modernBody, modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

/** Codes that the specification gives a meaning to (MCP 2026-07-28, basic, Error Codes; JSON-RPC 2.0). */
const MODERN = new Set([-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022]);
/** And those of older revisions (2025-11-25). */
const LEGACY = new Set([-32700, -32600, -32601, -32602, -32603, -32002, -32042]);

/** Codes of one's own lie beyond what JSON-RPC and MCP have reserved. */
const isOwn = (code: number): boolean => code > -32000 || code < -32768;

const SECRET = 'inside-of-the-gateway';

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['read', 'wipe', 'broken']);
  upstream.behave(({ message, response }) => {
    if ((message.params as { name?: string }).name === 'broken')
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`at ${SECRET} (/srv/${SECRET}.js:1:1)`);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(`{"${SECRET}`);
  });
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url, gone: 'http://127.0.0.1:9/mcp' },
      {
        expose: [{ upstream: 'one' }, { upstream: 'gone', prefix: 'gone_' }],
        server: { policies: ['careful'], limits: ['few'] },
        policies: { careful: { type: 'cel', deny: 'has(args.all)' } },
        limits: { few: { type: 'rate', rate: '1/h', key: ['principal.id'], tools: ['read'] } },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const REQUESTS: readonly (readonly [method: string, params?: object, options?: ModernOptions])[] = [
  ['tools/call', { name: 'read', arguments: {} }],
  ['tools/call', { name: 'read', arguments: {} }],
  ['tools/call', { name: 'wipe', arguments: { all: true } }],
  ['tools/call', { name: 'broken', arguments: {} }],
  ['tools/call', { name: 'gone_away', arguments: {} }],
  ['tools/call', { name: '../../etc/passwd', arguments: {} }],
  ['tools/call', { name: 7 }],
  ['tools/call', {}],
  ['resources/read', { uri: 'file:///none' }],
  ['prompts/get', { name: 'none' }],
  ['tools/list', { cursor: 'none' }],
  ['completion/complete', { ref: { type: 'ref/none' }, argument: { name: 'a', value: 'b' } }],
  ['subscriptions/listen', {}],
  ['tasks/get', { taskId: 'none' }],
  ['no/such'],
  ['initialize', {}],
  ['ping'],
];

interface Told {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly correlationId?: string; readonly retryAfterMs?: number };
}

const CORRELATION_ID = /^[0-9a-f]{16}-[0-9a-z]+$/;

const expectSound = (error: Told, known: Set<number>): void => {
  // What is random or told by the clock may hold any digits, those of a port as well.
  const { correlationId, retryAfterMs, ...data } = error.data ?? {};
  if (correlationId !== undefined) expect(correlationId).toMatch(CORRELATION_ID);
  if (retryAfterMs !== undefined) expect(Number.isInteger(retryAfterMs)).toBe(true);
  const text = JSON.stringify({ ...error, data });
  expect(known.has(error.code) || isOwn(error.code), text).toBe(true);
  expect(Number.isInteger(error.code)).toBe(true);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(String(upstream.port));
  expect(text).not.toMatch(/node_modules|\.ts:\d|\bat .+:\d+:\d+|ECONN|127\.0\.0\.1|\/tmp\//);
};

test('T9: errors have codes that the specification knows, or of a range of their own, and tell nothing of the inside', async () => {
  const codes = new Set<number>();
  for (const [method, params, options] of REQUESTS) {
    const { body } = await modernRequest(gateway.url(), method, params, options);
    if (body.error === undefined) continue;
    expectSound(body.error, MODERN);
    codes.add(body.error.code);
  }
  const session = await openSession(gateway.url());
  for (const [method, params] of REQUESTS) {
    const { text } = await legacyRequest(gateway.url(), method, params, session);
    const { error } = JSON.parse(text);
    if (error !== undefined) expectSound(error, LEGACY);
  }
  const sent = await fetch(gateway.url(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: modernBody('tools/list').slice(1),
  });
  expectSound(((await sent.json()) as { error: Told }).error, MODERN);
  expect([...codes]).toEqual(
    expect.arrayContaining([-32601, -32602, RPC.refused, RPC.limited, RPC.upstream]),
  );
});

test('every code that the gateway has is one of them', () => {
  for (const code of Object.values(RPC))
    expect(MODERN.has(code) || LEGACY.has(code) || isOwn(code)).toBe(true);
});
