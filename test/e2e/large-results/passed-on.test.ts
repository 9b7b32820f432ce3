import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { answer, type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { answerLarge, type Layout, largeResponse, sendPieces } from '../../support/large-upstream.ts';
import { legacyRequest, openSession } from '../../support/legacy-client.ts';
import { callTool, modernBody, modernHeaders } from '../../support/modern-client.ts';
import { type RawRequest, rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const BYTES = 3 * 1024 * 1024;
const TYPE = ',"resultType":"complete"';
const EXTRA = ',"futureField":{"n":12345678901234567890.10,"dup":1,"s":"\\ud800\\/"},"_meta":{"a/b":1e400}';

const textOf = (idText: string, layout: Layout): string =>
  Buffer.concat([...largeResponse(idText, layout)]).toString('utf8');

const modernCall = (): RawRequest => ({
  method: 'POST',
  headers: modernHeaders('tools/call', { name: 'fetch' }, {}),
  body: modernBody('tools/call', { name: 'fetch' }),
});

/** The access lines of a log that tell of calls. */
const outcomes = async (gateway: TestGateway): Promise<unknown[]> =>
  (await gateway.log())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg, method }) => msg === 'access' && method === 'tools/call')
    .map(({ outcome }) => outcome);

describe.each([
  ['modern', TYPE],
  ['legacy', ''],
] as const)('a large result of a %s upstream, for a client of the same era', (era, type) => {
  let upstream: FastUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startToolUpstream('big', ['fetch'], { eras: [era] });
    gateway = await startTestGateway(configuration({ big: upstream.url }), { tap: false });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const call = async (): Promise<{ type: unknown; text: string }> => {
    if (era === 'legacy') {
      const session = await openSession(gateway.url());
      const { headers, text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'fetch' }, session);
      return { type: headers['content-type'], text };
    }
    const { headers, text } = await rawRequest(gateway.url(), modernCall());
    return { type: headers['content-type'], text };
  };

  it.each([true, false])('comes as JSON as it was sent, its id last: %s', async (idLast) => {
    const layout = { bytes: BYTES, idLast, more: EXTRA + type };
    upstream.behave(answerLarge('json', () => layout));
    const answer = await call();
    expect(answer.type).toBe('application/json');
    expect(answer.text === textOf('1', layout)).toBe(true);
  });

  it('comes as a stream as it was sent, after what precedes it', async () => {
    const layout = { bytes: BYTES, idLast: true, more: EXTRA + type };
    upstream.behave(({ message, response }) => {
      openStream(response);
      response.write(': a comment\n\n');
      void sendPieces(response, 'stream', largeResponse(String(message.id), layout));
    });
    const answer = await call();
    expect(answer.type).toBe('text/event-stream');
    const data = answer.text.split('\n').filter((line) => line.startsWith('data: {'));
    expect(data.length).toBe(1);
    expect(data[0] === `data: ${textOf('1', layout)}`).toBe(true);
  });

  it('keeps the line breaks that it was sent with', async () => {
    const layout = { bytes: BYTES, more: type };
    const broken = (text: string) => text.replace('{"jsonrpc', '{\n\n "jsonrpc').replace(/\}\]/, '}\n]');
    upstream.behave(({ message, response }) => {
      openStream(response);
      response.end(
        `data: ${broken(textOf(String(message.id), layout))
          .split('\n')
          .join('\ndata: ')}\n\n`,
      );
    });
    const answer = await call();
    const data = answer.text.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: 0');
    const joined = data.map((line) => line.slice('data: '.length)).join('\n');
    expect(joined.replace(/^\n(?=\{)/, '') === broken(textOf('1', layout))).toBe(true);
  });

  it('is a failed tool in the log where its last member says so', async () => {
    upstream.behave(answerLarge('json', () => ({ bytes: BYTES, more: `${type},"isError":true` })));
    await call();
    await expect.poll(async () => (await outcomes(gateway)).at(-1)).toBe('tool_error');
  });

  it.each(['json', 'stream'] as const)(
    'is broken off, and never looks whole, where the upstream breaks off: %s',
    async (kind) => {
      upstream.behave(({ message, response }) => {
        const pieces = [...largeResponse(String(message.id), { bytes: BYTES, more: type })];
        response.writeHead(200, {
          'content-type': kind === 'json' ? 'application/json' : 'text/event-stream',
        });
        if (kind === 'stream') response.write('data: ');
        response.write(Buffer.concat(pieces.slice(0, -3)), () => response.socket!.destroy());
      });
      await expect(call()).rejects.toThrow('aborted');
      expect((await outcomes(gateway)).at(-1)).toBe('upstream_unavailable');
    },
  );

  it.each([
    ['is no JSON after all', '"}],}}', 'upstream_protocol'],
    ['answers another request after all', '"}]},"id":99}', 'upstream_protocol'],
    ['has an error after all', '"}]},"error":{"code":1,"message":""}}', 'upstream_protocol'],
  ])('is broken off where it %s', async (_what, tail, outcome) => {
    upstream.behave(({ message, response }) => {
      const pieces = [...largeResponse(String(message.id), { bytes: BYTES })];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(Buffer.concat([...pieces.slice(0, -1), Buffer.from(tail)]));
    });
    await expect(call()).rejects.toThrow('aborted');
    expect((await outcomes(gateway)).at(-1)).toBe(outcome);
  });
});

describe('a large result across eras', () => {
  it('of a legacy upstream gets what a modern client wants, and loses what means nothing', async () => {
    const upstream = await startToolUpstream('big', ['fetch'], { eras: ['legacy'] });
    await using gateway = await startTestGateway(configuration({ big: upstream.url }));
    const layout = { bytes: BYTES, idLast: true, more: `${EXTRA},"ttlMs":5,"isError":false` };
    upstream.behave(answerLarge('json', () => layout));
    const { text } = await callTool(gateway.url(), 'fetch');
    const expected = textOf('1', layout)
      .replace('"result":{', '"result":{"resultType":"complete",')
      .replace(',"ttlMs":5', '');
    expect(text === expected).toBe(true);
    await upstream.close();
  });

  it('of a modern upstream loses what a legacy client does not know', async () => {
    const upstream = await startToolUpstream('big', ['fetch'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ big: upstream.url }));
    const said = EXTRA.replace('"_meta":{', '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"},');
    const layout = { bytes: BYTES, more: `${said},"structuredContent":[1]${TYPE},"isError":true` };
    upstream.behave(answerLarge('json', () => layout));
    const session = await openSession(gateway.url());
    const { text } = await legacyRequest(gateway.url(), 'tools/call', { name: 'fetch' }, session);
    expect(text === textOf('1', { ...layout, more: `${EXTRA},"isError":true` })).toBe(true);
    await upstream.close();
  });
});

describe('a large result of one of several upstreams', () => {
  it('is passed on as soon as it is known that no URI in it has to be changed', async () => {
    const big = await startToolUpstream('big', ['fetch'], { eras: ['modern'] });
    const other = await startToolUpstream('other', ['look'], { eras: ['modern'] });
    await using gateway = await startTestGateway(configuration({ big: big.url, other: other.url }), {
      tap: false,
    });
    // More than is ever held.
    const layout = { bytes: 70 * 1024 * 1024, more: TYPE };
    big.behave(answerLarge('json', () => layout));
    const call = async (): Promise<number> => (await rawRequest(gateway.url(), modernCall())).text.length;
    await expect.poll(call, { timeout: 60_000 }).toBe(textOf('1', layout).length);
    await Promise.all([big.close(), other.close()]);
  }, 180_000);
});

describe('a bound on results', () => {
  it('[INPUT-03/size] holds to the byte for a result that is passed on in pieces', async () => {
    const upstream = await startToolUpstream('big', ['fetch'], { eras: ['modern'] });
    const layout = { bytes: BYTES, more: TYPE };
    upstream.behave(({ message, response }) => {
      const pad = 10 - String(message.id).length;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(textOf(String(message.id), { ...layout, more: `${TYPE},"pad":"${'x'.repeat(pad)}"` }));
    });
    const size = Buffer.byteLength(textOf('', { ...layout, more: `${TYPE},"pad":"${'x'.repeat(10)}"` }));
    const bounded = (bytes: number) =>
      configuration(
        { big: upstream.url },
        { server: { limits: ['small'] }, limits: { small: { type: 'bounds', resultBytes: `${bytes}B` } } },
      );
    await using gateway = await startTestGateway(bounded(size), { tap: false });
    expect((await callTool(gateway.url(), 'fetch')).body.result.pad).toBeDefined();
    await gateway.load(bounded(size - 1));
    await expect(rawRequest(gateway.url(), modernCall())).rejects.toThrow(/aborted/);
    await expect.poll(async () => (await outcomes(gateway)).at(-1)).toBe('result_too_large');
    await upstream.close();
  });
});

describe('an event of nonsense that is too large to be held', () => {
  it.each(
    (['modern', 'legacy'] as const).flatMap((era) =>
      ['x', '{"a":', '{"jsonrpc":"2.0","id":424242,"result":{"pad":"'].map((begin) => [era, begin] as const),
    ),
  )('of a %s upstream fails its own call and no other: %s', async (era, begin) => {
    const upstream = await startToolUpstream('big', ['fetch'], { eras: [era] });
    await using gateway = await startTestGateway(configuration({ big: upstream.url }), { tap: false });
    expect((await callTool(gateway.url(), 'fetch')).body.result).toBeDefined();
    for (const ending of ['end', 'open', 'cut', 'reset'] as const) {
      upstream.behave(({ response }) => {
        openStream(response);
        const data = `data: ${begin}${'x'.repeat(2 * 1024 * 1024)}`;
        response.write(ending === 'end' || ending === 'open' ? `${data}\n\n` : data, () => {
          if (ending === 'reset') response.socket?.resetAndDestroy();
          else if (ending !== 'open') response.end();
        });
      });
      expect((await callTool(gateway.url(), 'fetch')).body.error.data.code).toMatch(
        /^upstream_(protocol|unavailable)$/,
      );
      upstream.behave(answer);
      for (let count = 0; count < 3; count += 1)
        expect((await callTool(gateway.url(), 'fetch')).body.error).toBeUndefined();
    }
    await upstream.close();
  });
});
