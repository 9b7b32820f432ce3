import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { type FastUpstream, json } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, type SessionHeaders } from '../../support/legacy-client.ts';
import type { Revision } from '../../support/message-schema.ts';
import { modernRequest } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';
import { normalise } from '../bridging/normalise.ts';
import { ANYTHING, valuesOf } from './schema-arbitrary.ts';

const SEED = 20261123;
const RUNS = 25;
const TIMEOUT_MS = 180_000;
const MODERN = '2026-07-28';
const CLIENT = { capabilities: {}, clientInfo: { name: 'test-client', version: '1.0.0' } };
const URI = 'test://one';

/** Methods whose results pass through, with what the result is called. */
const METHODS = [
  ['tools/call', 'CallToolResult', { name: 'read', arguments: {} }],
  ['prompts/get', 'GetPromptResult', { name: 'greet' }],
  ['resources/read', 'ReadResourceResult', { uri: URI }],
  [
    'completion/complete',
    'CompleteResult',
    { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: '' } },
  ],
] as const;

let upstream: FastUpstream;
let gateway: TestGateway;
let result: unknown;
let received: Record<string, unknown>;

beforeAll(async () => {
  upstream = await startToolUpstream('one', ['read']);
  const listed = (key: string, items: object[]) =>
    upstream.on(`${key.replace(/Templates$/, '/templates')}/list`, ({ message, response }) =>
      json(response, {
        jsonrpc: '2.0',
        id: message.id,
        result: {
          [key]: items,
          ...(isModern(message.params)
            ? { resultType: 'complete', ttlMs: 60_000, cacheScope: 'public' }
            : {}),
        },
      }),
    );
  listed('prompts', [{ name: 'greet', arguments: [{ name: 'a' }] }]);
  listed('resources', [{ uri: URI, name: 'one' }]);
  listed('resourceTemplates', []);
  for (const [method] of METHODS)
    upstream.on(method, ({ message, response }) => {
      received = { ...message.params };
      json(response, { jsonrpc: '2.0', id: message.id, result });
    });
  const server = (name: string) => ({
    at: [{ listener: 'main', path: `/${name}` }],
    anonymous: true,
    expose: [{ upstream: name }],
  });
  const http = (era: string) => ({ type: 'http', endpoints: [upstream.url], protocol: { era } });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: { same: server('same'), modern: server('modern'), legacy: server('legacy') },
        upstreams: { same: http('match-client'), modern: http('modern'), legacy: http('legacy') },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const isModern = (params: unknown): boolean =>
  (params as { _meta?: unknown } | undefined)?._meta !== undefined;

const openAs = async (url: string, revision: string): Promise<SessionHeaders> => {
  const { headers } = await legacyRequest(url, 'initialize', { protocolVersion: revision, ...CLIENT });
  return { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': revision };
};

/** Asks in one revision; what comes is held against its schema, by the client or by the tap before the gateway. */
const asker = async (server: string, revision: Revision) => {
  const url = gateway.url(server);
  if (revision === MODERN)
    return async (method: string, params: object) => (await modernRequest(url, method, params)).body.result;
  const session = await openAs(url, revision);
  return async (method: string, params: object) =>
    JSON.parse((await legacyRequest(url, method, params, session)).text).result;
};

const resultsOf = (revision: Revision, definition: string): fc.Arbitrary<Record<string, unknown>> =>
  valuesOf(revision, definition).map((value) =>
    revision === MODERN ? { ...value, resultType: 'complete' } : value,
  );

describe.each(['2025-03-26', '2025-06-18', '2025-11-25', MODERN] as const)('within %s', (revision) => {
  it.each(METHODS)(
    'whatever %s is answered comes as it was sent',
    async (method, definition, params) => {
      const ask = await asker('same', revision);
      await fc.assert(
        fc.asyncProperty(
          resultsOf(revision, definition),
          fc.dictionary(fc.constant('unknown'), ANYTHING),
          async (sent, more) => {
            result = { ...more, ...sent };
            expect(await ask(method, params)).toEqual(result);
          },
        ),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  it(
    'whatever a tool is given goes as it was sent, with what nobody knows beside it',
    async () => {
      const ask = await asker('same', revision);
      result = { content: [], ...(revision === MODERN ? { resultType: 'complete' } : {}) };
      const args = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), ANYTHING, { maxKeys: 5 });
      await fc.assert(
        fc.asyncProperty(args, ANYTHING, async (sent, unknown) => {
          await ask('tools/call', { name: 'read', arguments: sent, 'x-unknown': unknown });
          expect(received).toMatchObject({ name: 'read' });
          expect(received.arguments).toEqual(JSON.parse(JSON.stringify(sent)));
          expect(received['x-unknown']).toEqual(unknown);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});

describe.each([
  [MODERN, 'legacy', '2025-11-25'],
  ['2025-11-25', 'modern', MODERN],
] as const)('a client of %s before a %s upstream', (client, server, spoken) => {
  it.each(METHODS)(
    'whatever %s is answered comes with all that both revisions know',
    async (method, definition, params) => {
      const ask = await asker(server, client);
      await fc.assert(
        fc.asyncProperty(resultsOf(spoken, definition), async (sent) => {
          // Structured content that is no object, which older clients cannot read, has tests of its own.
          const { structuredContent: _, ...rest } = sent;
          result = rest;
          expect(normalise(await ask(method, params))).toEqual(normalise(rest));
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});
