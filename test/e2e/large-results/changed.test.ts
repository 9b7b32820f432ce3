import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import { type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { digestOf, type Layout, largeResponse, sendPieces } from '../../support/large-upstream.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

/** More than is ever held. */
const BYTES = 80 * 1024 * 1024;
const TIMEOUT_MS = 120_000;
const URI = 'data://large';
const TYPE = ',"resultType":"complete"';
const READ = `${TYPE},"ttlMs":60000`;
const LABEL = 'io.gatewright/upstream';
const { key, hash } = makeApiKey('a1');

const KINDS = ['json', 'stream'] as const;
type Kind = (typeof KINDS)[number];

let upstream: FastUpstream;
let gateway: TestGateway;

const identified = {
  identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
  server: { identity: ['robots'] },
};
const withProvenance = { server: { provenance: true } };
const both = { ...identified, server: { ...identified.server, ...withProvenance.server } };

const start = async (over: Parameters<typeof configuration>[1]): Promise<void> => {
  gateway = await startTestGateway(configuration({ big: upstream.url }, over), {
    tap: false,
    files: { 'keys.yaml': JSON.stringify({ keys: [{ id: 'a1', hash, servers: ['main'] }] }) },
  });
};

const answer = (kind: Kind, layout: Layout): void => {
  upstream.on('resources/read', ({ message, response }) => {
    if (kind === 'stream') openStream(response);
    void sendPieces(response, kind, largeResponse(String(message.id), layout));
  });
  upstream.behave(({ message, response }) => {
    if (kind === 'stream') openStream(response);
    void sendPieces(response, kind, largeResponse(String(message.id), layout));
  });
};

const ask = async (method: string, params: object): Promise<string> => {
  const { text } = await rawRequest(gateway.url(), {
    method: 'POST',
    headers: modernHeaders(method, params, { token: key }),
    body: modernBody(method, params),
  });
  return text;
};

/** The digest of the one message that an answer has. */
const digestOfAnswer = (kind: Kind, text: string): string => {
  const messages = text.split('\n').filter((line) => line.startsWith('data: {'));
  if (kind === 'stream') expect(messages.length).toBe(1);
  return digestOf([Buffer.from(kind === 'json' ? text : messages[0]!.slice('data: '.length))]);
};

const expected = (layout: Layout): string => digestOf(largeResponse('1', layout));

beforeAll(async () => {
  upstream = await startToolUpstream('big', ['fetch'], { eras: ['modern'] });
});
afterAll(() => upstream.close());

describe.each(KINDS)('a resource that is too large to be held, as %s', (kind) => {
  const read = async (sent: string): Promise<string> => {
    answer(kind, { bytes: BYTES, idLast: true, uri: URI, more: sent });
    return digestOfAnswer(kind, await ask('resources/read', { uri: URI }));
  };
  const told = (more: string): string => expected({ bytes: BYTES, idLast: true, uri: URI, more });

  it(
    'comes whole to a caller who is identified, and may be cached for nobody else',
    async () => {
      await start(identified);
      const after = ',"_meta":{"a/b":1e400}';
      expect(await read(`${READ},"cacheScope":"public"${after}`)).toBe(
        told(`${READ},"cacheScope":"private"${after}`),
      );
      expect(await read(`${READ},"cacheScope":"\\u0070ublic"`)).toBe(told(`${READ},"cacheScope":"private"`));
      expect(await read(READ)).toBe(told(`${READ},"cacheScope":"private"`));
      await gateway.close();
    },
    TIMEOUT_MS,
  );

  it(
    'names its upstream besides, where the server says so',
    async () => {
      await start(both);
      const label = `"_meta":{"${LABEL}":"big"}`;
      expect(await read(`${READ},"cacheScope":"public"`)).toBe(
        told(`${READ},"cacheScope":"private",${label}`),
      );
      await gateway.close();
    },
    TIMEOUT_MS,
  );

  it(
    'may be cached for anybody where anybody may read it',
    async () => {
      await start({});
      const sent = `${READ},"cacheScope":"public"`;
      expect(await read(sent)).toBe(told(sent));
      await gateway.close();
    },
    TIMEOUT_MS,
  );
});

describe.each(KINDS)(
  'a tool result that is too large to be held, as %s, where provenance is told',
  (kind) => {
    beforeAll(() => start(withProvenance));
    afterAll(() => gateway.close());

    const call = async (more: string): Promise<string> => {
      answer(kind, { bytes: BYTES, more });
      return digestOfAnswer(kind, await ask('tools/call', { name: 'fetch' }));
    };

    it.each([
      ['nothing', '', `,"_meta":{"${LABEL}":"big"}`],
      [
        'another name',
        `,"_meta":{"${LABEL}":"forged","a/b":1e400,"io.gatewright\\/upstream":"forged"}`,
        `,"_meta":{"a/b":1e400,"${LABEL}":"big"}`,
      ],
      ['what is no object', ',"_meta":"forged"', `,"_meta":{"${LABEL}":"big"}`],
      [
        'more than is held to be changed',
        `,"_meta":{"a":"${'y'.repeat(100_000)}","${LABEL}":"forged"}`,
        `,"_meta":{"a":"${'y'.repeat(100_000)}","${LABEL}":"big"}`,
      ],
    ])(
      'names its upstream where the upstream says %s',
      async (_what, sent, after) => {
        expect(await call(TYPE + sent)).toBe(expected({ bytes: BYTES, more: TYPE + after }));
      },
      TIMEOUT_MS,
    );

    it(
      'names it to a legacy client, without what only modern ones know',
      async () => {
        const server = '"io.modelcontextprotocol/serverInfo":{"name":"x"}';
        answer(kind, { bytes: BYTES, more: `,"_meta":{${server},"${LABEL}":"forged"}${TYPE}` });
        const session = await openSession(gateway.url());
        const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'fetch' }, session);
        const label = `,"_meta":{"${LABEL}":"big"}`;
        expect(digestOfAnswer(kind, text)).toBe(expected({ bytes: BYTES, more: label }));
      },
      TIMEOUT_MS,
    );
  },
);
