import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { startParrot } from './upstreams/parrot.ts';

/** JSON that a parser and a writer of JSON would not give back as it came. */
const ODD =
  '"n":12345678901234567890.10,"max":9007199254740993,"huge":1e400,"zero":-0.0,"s":"\\ud800 \\/ \\u00e9 é","z":1,"a":2';
const DEEP = `"deep":${'['.repeat(60)}${']'.repeat(60)}`;
/** What only an upstream may say: clients are refused it. */
const TWICE = '"twice":{"k":1,"k":2}';
const FAR_TOO_DEEP = `"deeper":${'{"a":['.repeat(2000)}${']}'.repeat(2000)}`;

const PARROT = new URL('upstreams/parrot.ts', import.meta.url).pathname;
const TYPE = { modern: ',"resultType":"complete"', legacy: '' };

describe.each(['modern', 'legacy'] as const)('a client and an upstream, both %s,', (era) => {
  describe.each(['json', 'stream', 'stdio'] as const)('over %s', (transport) => {
    let gateway: TestGateway;
    let session: SessionHeaders = {};
    const stack = new AsyncDisposableStack();

    beforeAll(async () => {
      const upstream = await (async () => {
        if (transport === 'stdio')
          return { type: 'stdio', ...SLOW_START, command: [process.execPath, PARROT] };
        const { url, server } = await startParrot(transport);
        stack.defer(() => {
          server.closeAllConnections();
          server.close();
        });
        return { type: 'http', endpoints: [url] };
      })();
      const expose = [{ upstream: 'parrot' }];
      // Judged by schema it would be found to be odd.
      gateway = await startTestGateway(configuration({}, { expose, upstreams: { parrot: upstream } }), {
        tap: false,
      });
      stack.use(gateway);
      if (era === 'legacy') session = await openSession(gateway.url());
    });
    afterAll(() => stack.disposeAsync());

    /** Sends a call whose arguments are the text `args`; the answer is made by `answer`. */
    const say = async (answer: string, args: string): Promise<{ status: number; text: string }> => {
      const params = { name: 'say', arguments: { answer } };
      const modern = modernBody('tools/call', params, { id: 'an id' });
      const legacy = JSON.stringify({ jsonrpc: '2.0', id: 'an id', method: 'tools/call', params });
      const body = (era === 'modern' ? modern : legacy).replace('"answer":', () => `${args},"answer":`);
      const accept = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
      const headers = era === 'modern' ? modernHeaders('tools/call', params, {}) : { ...accept, ...session };
      return await rawRequest(gateway.url(), { method: 'POST', headers, body });
    };

    it('hard case 30: hear each other’s odd JSON as it was said, in both directions', async () => {
      const result = `{${ODD},${DEEP},${TWICE},${FAR_TOO_DEEP},@${TYPE[era]}}`;
      const { text } = await say(`{"result":${result},"jsonrpc":"2.0","id":#}`, `${ODD},${DEEP}`);
      const [before, after] = result.split('@') as [string, string];
      const start = text.indexOf(`{"result":${before}"content":`);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(text).toContain(`${after},"jsonrpc":"2.0","id":"an id"}`);
      const json = text.slice(start).split('\n')[0]!;
      expect(JSON.parse(json).result.content[0].text).toContain(`"arguments":{${ODD},${DEEP},"answer":`);
    });

    it.each([
      ['an argument twice', '"a":1,"a":2'],
      ['an argument twice, once in escapes', '"a":1,"\\u0061":2'],
      ['a member twice far inside', '"a":[{"b":{"c":1,"c":2}}]'],
      ['nesting without end', `"a":${'['.repeat(5000)}${']'.repeat(5000)}`],
    ])('hard case 30: refuse a request with %s, which two parsers could read as two', async (_what, args) => {
      const { status, text } = await say('{"jsonrpc":"2.0","id":#,"result":{@}}', args);
      expect(status).toBe(400);
      expect(JSON.parse(text).error.code).toBe(-32600);
    });

    it.each([
      ['a result twice', '{"jsonrpc":"2.0","result":{"content":[]},"id":#,"result":{"content":[1]}}'],
      ['an id twice', '{"jsonrpc":"2.0","id":#,"result":{"content":[]},"\\u0069d":#}'],
      [
        'result and error',
        '{"jsonrpc":"2.0","id":#,"result":{"content":[]},"error":{"code":1,"message":""}}',
      ],
    ])('hard case 30: refuse an answer with %s', async (_what, answer) => {
      const { text } = await say(answer, '"a":1');
      expect(text).toContain('upstream_protocol');
      expect(text).not.toContain('content');
    });
  });
});
