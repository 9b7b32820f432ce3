import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import type { FastUpstream } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
beforeAll(async () => {
  upstream = await startToolUpstream('tracker', []);
});
afterAll(() => upstream.close());

const start = (wellKnown?: object): Promise<TestGateway> =>
  startTestGateway(
    configuration({ tracker: upstream.url }, { listener: wellKnown === undefined ? {} : { wellKnown } }),
    { tap: false },
  );

const get = (gateway: TestGateway, path: string, request: RawRequest = {}): Promise<RawAnswer> =>
  rawRequest(new URL(path, gateway.audience()).href, request);

const SECURITY_TXT = '/.well-known/security.txt';
const declared = {
  securityTxt: { contact: 'mailto:security@example.com', expires: '2099-06-30' },
  robotsTxt: 'deny',
};

describe('security.txt', () => {
  it('[INFRA-13] says where to report a weakness and until when that holds, as RFC 9116 wants it', async () => {
    await using gateway = await start(declared);
    const { status, headers, text } = await get(gateway, SECURITY_TXT);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    const fields = text
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => /^([A-Z][a-z-]+): (\S.*)$/.exec(line)!.slice(1, 3));
    expect(fields.filter(([name]) => name === 'Contact')).toEqual([
      ['Contact', 'mailto:security@example.com'],
    ]);
    const expires = fields.filter(([name]) => name === 'Expires');
    expect(expires).toHaveLength(1);
    expect(expires[0]![1]).toMatch(/^2099-06-30T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);
    expect((await get(gateway, SECURITY_TXT, { method: 'HEAD' })).text).toBe('');
  });

  it('[INFRA-13] is not there unless it is declared, and is only to be read', async () => {
    await using silent = await start();
    expect((await get(silent, SECURITY_TXT)).status).toBe(404);
    expect((await get(silent, '/robots.txt')).status).toBe(404);
    await using gateway = await start(declared);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await get(gateway, SECURITY_TXT, { method });
      expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
    expect((await get(gateway, `${SECURITY_TXT}/`)).status).toBe(404);
    expect((await rawRequest(`${gateway.opsUrl}${SECURITY_TXT}`)).status).toBe(404);
  });
});

describe('robots.txt', () => {
  it.each([
    ['deny', /^User-agent: \*\r?\nDisallow: \/\r?\n?$/],
    ['allow', /^User-agent: \*\r?\n(Disallow:|Allow: \/)\r?\n?$/],
  ])('[INFRA-13] can %s all crawlers', async (robotsTxt, expected) => {
    await using gateway = await start({ robotsTxt });
    const { status, headers, text } = await get(gateway, '/robots.txt');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(text).toMatch(expected);
  });
});
