import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../runtime/identity/api-key.ts';
import { configuration } from '../support/configuration.ts';
import { EventStreamClient } from '../support/event-stream-client.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type RawAnswer, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream, told } from '../support/tool-upstream.ts';

const [alice, mallory] = [makeApiKey('alice'), makeApiKey('mallory')];
type Headers = Readonly<Record<string, string>>;
const as = ({ key }: { key: string }): Headers => ({ authorization: `Bearer ${key}` });

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', ['get_issue'], { eras: ['legacy'] });
  const config = JSON.parse(
    configuration(
      { tracker: upstream.url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'], protocol: { legacySse: true } },
        sessions: { maxPerPrincipal: 8 },
      },
    ),
  );
  config.servers.other = { ...config.servers.main, at: [{ listener: 'main', path: '/other' }] };
  const keys = [
    { id: 'alice', hash: alice.hash, servers: ['main', 'other'] },
    { id: 'mallory', hash: mallory.hash, servers: ['main', 'other'] },
  ];
  gateway = await startTestGateway(JSON.stringify(config), {
    tap: false,
    files: { 'keys.yaml': JSON.stringify({ keys }) },
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Opens the stream; resolves with it and the URL that it names. */
const open = async (headers: Headers): Promise<{ stream: EventStreamClient; postUrl: string }> => {
  const stream = await EventStreamClient.open(`${gateway.url('main')}/sse`, {
    headers: { ...headers, accept: 'text/event-stream' },
  });
  await expect.poll(() => stream.events.length).toBeGreaterThan(0);
  const [first] = stream.events;
  expect(first!.event).toBe('endpoint');
  return { stream, postUrl: new URL(first!.data!, gateway.url('main')).href };
};

const post = (url: string, message: object, headers: Headers): Promise<RawAnswer> =>
  rawRequest(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });

const initialize = (protocolVersion = '2024-11-05') => ({
  id: 0,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'test-client', version: '1.0.0' } },
});

const messages = (stream: EventStreamClient) =>
  stream.events
    .filter(({ event }) => event === 'message')
    // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
    .map(({ data }): any => JSON.parse(data!));

const answerTo = async (stream: EventStreamClient, id: unknown) => {
  await expect.poll(() => messages(stream).find((message) => message.id === id)).toBeDefined();
  return messages(stream).find((message) => message.id === id);
};

describe('HTTP+SSE', () => {
  it('names the place to post to first, accepts what is posted there with 202 and answers on the stream', async () => {
    const { stream, postUrl } = await open(as(alice));
    expect(postUrl.startsWith(`${gateway.url('main')}/messages?sessionId=`)).toBe(true);
    const accepted = await post(postUrl, initialize(), as(alice));
    expect(accepted).toMatchObject({ status: 202, text: '' });
    expect((await answerTo(stream, 0)).result.protocolVersion).toBe('2024-11-05');
    await post(postUrl, { method: 'notifications/initialized' }, as(alice));
    const call = { id: 1, method: 'tools/call', params: { name: 'get_issue', arguments: { id: 7 } } };
    await post(postUrl, call, as(alice));
    expect(told((await answerTo(stream, 1)).result)).toMatchObject({ arguments: { id: 7 } });
    expect(upstream.sessions.size).toBe(1);
    stream.close();
    await upstream.until(() => upstream.sessions.size === 0);
    await expect.poll(async () => (await post(postUrl, call, as(alice))).status).toBe(404);
  });

  it.each([
    ['2024-11-05', '2024-11-05'],
    ['2025-11-25', '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
  ])('lets a client that asks for %s have %s', async (asked, agreed) => {
    const { stream, postUrl } = await open(as(alice));
    await post(postUrl, initialize(asked), as(alice));
    expect((await answerTo(stream, 0)).result.protocolVersion).toBe(agreed);
    stream.close();
  });

  it('takes nothing from another principal, for another server or under an invented id: 404 alike', async () => {
    const { stream, postUrl } = await open(as(alice));
    const ping = { id: 'p', method: 'ping' };
    const invented = postUrl.replace(/=.*/, `=${'A'.repeat(76)}`);
    const elsewhere = postUrl.replace('/mcp/', '/other/');
    const answers = [
      await post(postUrl, ping, as(mallory)),
      await post(elsewhere, ping, as(alice)),
      await post(invented, ping, as(alice)),
      await post(postUrl.replace(/\?.*/, ''), ping, as(alice)),
    ].map(({ status, text }) => [status, JSON.parse(text).error.data.code]);
    expect(answers).toEqual(Array(4).fill([404, 'session_not_found']));
    expect((await post(postUrl, ping, {})).status).toBe(401);
    await post(postUrl, ping, as(alice));
    expect((await answerTo(stream, 'p')).result).toEqual({});
    expect(messages(stream)).toHaveLength(1);
    stream.close();
  });

  it('tells nothing in the place to post to, which is no session of streamable HTTP either', async () => {
    const { stream, postUrl } = await open(as(alice));
    const id = new URL(postUrl).searchParams.get('sessionId')!;
    expect(Buffer.from(id, 'base64url').toString('latin1')).not.toMatch(/alice|main/);
    await post(postUrl, initialize(), as(alice));
    await answerTo(stream, 0);
    const answer = await rawRequest(gateway.url('main'), {
      method: 'DELETE',
      headers: { ...as(alice), 'mcp-session-id': id },
    });
    expect(answer.status).toBe(404);
    stream.close();
  });

  it('opens no more streams for one caller than it may have sessions', async () => {
    const opened = [];
    for (let at = 0; at < 8; at += 1) opened.push((await open(as(mallory))).stream);
    const refused = await rawRequest(`${gateway.url('main')}/sse`, {
      headers: { ...as(mallory), accept: 'text/event-stream' },
    });
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text).error.data.code).toBe('too_many_sessions');
    for (const stream of opened) stream.close();
    await expect
      .poll(() =>
        open(as(mallory)).then(
          ({ stream }) => stream.close(),
          () => 'refused',
        ),
      )
      .toBeUndefined();
  });

  it('is a GET of one path and a POST of the other, of JSON', async () => {
    const { stream, postUrl } = await open(as(alice));
    const sse = `${gateway.url('main')}/sse`;
    expect((await post(sse, initialize(), as(alice))).headers.allow).toBe('GET');
    expect((await rawRequest(postUrl, { headers: as(alice) })).headers.allow).toBe('POST');
    const text = { ...as(alice), 'content-type': 'text/plain' };
    expect((await post(postUrl, initialize(), text)).status).toBe(415);
    expect((await rawRequest(sse, { headers: { ...as(alice), accept: 'text/html' } })).status).toBe(406);
    stream.close();
  });

  it('ends in order when the gateway ends', async () => {
    const ending = await startTestGateway(
      configuration({ tracker: upstream.url }, { server: { protocol: { legacySse: true } } }),
      { tap: false },
    );
    const stream = await EventStreamClient.open(`${ending.url()}/sse`, {
      headers: { accept: 'text/event-stream' },
    });
    await ending.gateway.close();
    expect(await stream.over).toBe('ended');
    await ending.close();
  });
});
