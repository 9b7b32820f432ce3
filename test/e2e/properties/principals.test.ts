import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import { event, type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { legacyRequest, openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { callTool } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const SEED = 20261123;
const RUNS = 40;
const TIMEOUT_MS = 180_000;

interface Principal {
  readonly name: string;
  readonly token: string;
  readonly secret: string;
  readonly session: SessionHeaders;
  /** All that came on the stream of the session. */
  heard: string;
}

const keys = { ada: makeApiKey('ada'), bob: makeApiKey('bob') };
let upstream: FastUpstream;
let gateway: TestGateway;
let principals: Principal[];

beforeAll(async () => {
  upstream = await startToolUpstream('one', ['read']);
  const listed = Object.entries(keys).map(([id, { hash }]) => ({ id, hash, servers: ['main'] }));
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'] },
        upstream: { timeouts: { call: '5s' } },
      },
    ),
    { files: { 'keys.yaml': JSON.stringify({ keys: listed }) }, tap: false },
  );
  principals = [];
  for (const [name, { key: token }] of Object.entries(keys)) {
    const session = await openSession(gateway.url(), { authorization: `Bearer ${token}` });
    const principal: Principal = { name, token, secret: `secret-of-${name}`, session, heard: '' };
    await listen(principal);
    principals.push(principal);
  }
});
afterAll(async () => {
  leaving.abort();
  await gateway.close();
  await upstream.close();
});

const leaving = new AbortController();

/** Opens the stream of the session, which is read until the end of the tests. */
const listen = async (principal: Principal): Promise<void> => {
  const headers = { ...principal.session, accept: 'text/event-stream' };
  const { body } = await fetch(gateway.url(), { headers, signal: leaving.signal });
  const read = async (): Promise<void> => {
    for await (const text of body!.pipeThrough(new TextDecoderStream())) principal.heard += text;
  };
  void read().catch(() => undefined);
};

/** A message that carries the secret of whoever called; its ids and tokens are guesses at those of others. */
const message = fc.record({
  kind: fc.constantFrom('response', 'error', 'progress', 'log', 'request', 'updated', 'list_changed'),
  id: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constantFrom('1', 'gw-1', 'gw-2', 'other')),
});

type Guess = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

const written = ({ kind, id }: Guess, secret: string): object => {
  const params = {
    progressToken: id,
    progress: 1,
    message: secret,
    level: 'error',
    data: secret,
    uri: `test://${secret}`,
    _meta: { secret },
  };
  switch (kind) {
    case 'response':
      return {
        jsonrpc: '2.0',
        id,
        result: { resultType: 'complete', content: [{ type: 'text', text: secret }] },
      };
    case 'error':
      return { jsonrpc: '2.0', id, error: { code: 1, message: secret, data: secret } };
    case 'request':
      return {
        jsonrpc: '2.0',
        id,
        method: 'elicitation/create',
        params: { message: secret, requestedSchema: { type: 'object', properties: {} } },
      };
    case 'progress':
      return { jsonrpc: '2.0', method: 'notifications/progress', params };
    case 'log':
      return { jsonrpc: '2.0', method: 'notifications/message', params };
    case 'updated':
      return { jsonrpc: '2.0', method: 'notifications/resources/updated', params };
    default:
      return { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta: { secret } } };
  }
};

it(
  'whatever an upstream says on the streams of one principal, another hears nothing of it',
  async () => {
    let guesses: readonly Guess[] = [];
    upstream.behave(({ message: { id, params }, response }) => {
      const { secret } = params!.arguments as { secret: string };
      openStream(response);
      for (const guess of guesses) response.write(event(written(guess, secret)));
      const result = {
        ...(params?._meta !== undefined && { resultType: 'complete' }),
        content: [{ type: 'text', text: secret }],
      };
      response.end(event({ jsonrpc: '2.0', id, result }));
    });
    const call = async (
      { secret, token, session }: Principal,
      isModern: boolean,
      progressToken: number,
    ): Promise<string> => {
      const args = { secret };
      if (isModern)
        return (
          await callTool(gateway.url(), 'read', args, {
            token,
            valid: false,
            id: progressToken,
            meta: { progressToken, 'io.modelcontextprotocol/logLevel': 'debug' },
          })
        ).text;
      const params = { name: 'read', arguments: args, _meta: { progressToken } };
      return (await legacyRequest(gateway.url(), 'tools/call', params, session)).text;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        async (said, eras) => {
          guesses = said;
          const texts = await Promise.all(
            eras.map(async (isModern, at) => ({
              principal: principals[at % 2]!,
              text: await call(principals[at % 2]!, isModern, at),
            })),
          );
          for (const { principal, text } of texts) {
            for (const other of principals) if (other !== principal) expect(text).not.toContain(other.secret);
          }
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
    for (const principal of principals)
      for (const other of principals)
        if (other !== principal) expect(principal.heard).not.toContain(other.secret);
    guesses = [];
    for (const principal of principals) expect(await call(principal, true, 1)).toContain(principal.secret);
  },
  TIMEOUT_MS,
);
