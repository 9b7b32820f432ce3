/** Results that the gateway holds whole before it sends them as one event. */
import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { event, type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { answerLarge, largeResponse, sendPieces } from '../../support/large-upstream.ts';
import { legacyMessage, openSession } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { type OfferingUpstream, startOfferingUpstream, toolsNamed } from '../../support/offering-upstream.ts';
import { type RawRequest, rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const MIB = 1024 * 1024;
const PARAMS = { name: 'fetch', arguments: {}, _meta: { progressToken: 'mine' } };

const textIn = (message: unknown): string =>
  (message as { result: { content: { text: string }[] } }).result.content[0]!.text;
const expected = (bytes: number): string =>
  textIn(JSON.parse(Buffer.concat([...largeResponse('1', { bytes })]).toString('utf8')));

const dataOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));

describe.each([
  ['modern', ',"resultType":"complete"'],
  ['legacy', ''],
] as const)('a large result for a %s client', (era, more) => {
  let upstreams: readonly OfferingUpstream[];
  let gateway: TestGateway;
  beforeAll(async () => {
    // Of two that claim the same URI all results are read for it.
    const resources = [{ uri: 'data://same', name: 'same' }];
    const options = { eras: [era] };
    const big = await startOfferingUpstream('big', { tools: toolsNamed('fetch'), resources }, options);
    const other = await startOfferingUpstream('other', { resources }, options);
    upstreams = [big, other];
    const config = configuration({ big: big.url, other: other.url }, { server: { provenance: true } });
    gateway = await startTestGateway(config, { tap: false });
  });
  afterAll(async () => {
    await gateway.close();
    for (const { upstream } of upstreams) await upstream.close();
  });

  const call = async (): Promise<RawRequest> => {
    if (era === 'modern')
      return {
        method: 'POST',
        headers: modernHeaders('tools/call', PARAMS, {}),
        body: modernBody('tools/call', PARAMS, { meta: PARAMS._meta }),
      };
    const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: PARAMS };
    return {
      method: 'POST',
      headers: { ...accept, ...(await openSession(gateway.url())) },
      body: JSON.stringify(message),
    };
  };

  it('comes whole behind its progress where it is read for URIs and labelled with its origin', async () => {
    upstreams[0]!.upstream.behave(({ message, response }) => {
      const { progressToken } = message.params!._meta as { progressToken: unknown };
      const params = { progressToken, progress: 1 };
      openStream(response);
      response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params }));
      const layout = { bytes: 12 * MIB, more };
      void sendPieces(response, 'stream', largeResponse(String(message.id), layout));
    });
    const answer = await rawRequest(gateway.url(), await call());
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const [progress, result, ...others] = dataOf(answer.text);
    expect(progress).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'mine' } });
    expect(result).toMatchObject({ id: 1, result: { _meta: { 'io.gatewright/upstream': 'big' } } });
    expect(textIn(result) === expected(12 * MIB)).toBe(true);
    expect(others).toEqual([]);
  });
});

describe('a large result over HTTP+SSE', () => {
  let upstream: FastUpstream;
  let gateway: TestGateway;
  let stream: http.IncomingMessage;
  beforeAll(async () => {
    upstream = await startToolUpstream('big', ['fetch'], { eras: ['legacy'] });
    const server = { protocol: { legacySse: true } };
    gateway = await startTestGateway(configuration({ big: upstream.url }, { server }), { tap: false });
  });
  afterEach(() => {
    stream.destroy();
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  it('comes whole, and so does what follows it', async () => {
    upstream.behave(answerLarge('json', () => ({ bytes: 12 * MIB })));
    const { promise, resolve } = Promise.withResolvers<http.IncomingMessage>();
    http.get(`${gateway.url()}/sse`, { agent: false, headers: { accept: 'text/event-stream' } }, resolve);
    stream = await promise;
    const chunks = stream.setEncoding('utf8').iterator({ destroyOnReturn: false });
    /** The event that comes next. */
    const next = async (): Promise<string> => {
      let text = '';
      for (let end = ''; end !== '\n\n'; ) {
        const { value, done } = await chunks.next();
        if (done === true) throw new Error('the stream ended');
        text += value;
        end = (end + value).slice(-2);
      }
      return text;
    };
    const place = /^data: (.*)$/m.exec(await next())![1]!;
    const post = (message: object) => legacyMessage(new URL(place, gateway.url()).href, {}, message);
    const clientInfo = { name: 'test-client', version: '1.0.0' };
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo };
    await post({ id: 0, method: 'initialize', params });
    await next();
    await post({ method: 'notifications/initialized' });
    await post({ id: 1, method: 'tools/call', params: { name: 'fetch', arguments: {} } });
    const [result] = dataOf(await next());
    expect(textIn(result) === expected(12 * MIB)).toBe(true);
    await post({ id: 2, method: 'ping' });
    expect(dataOf(await next())).toEqual([{ jsonrpc: '2.0', id: 2, result: {} }]);
  });
});
