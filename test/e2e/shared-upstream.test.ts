import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { answer, type FastUpstream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway } from '../support/gateway.ts';
import { keyedCallers } from '../support/keyed-callers.ts';
import { callTool, modernBody, modernHeaders } from '../support/modern-client.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

/** What is left to a caller of 128 connections. */
const SHARE = 112;
/** More than there are connections, and fewer than a listener takes of one address. */
const HANGING = 150;

let upstream: FastUpstream;
/** Calls that the upstream has not answered. */
let open: Received[];

beforeEach(async () => {
  upstream = await startToolUpstream('tracker', ['hangs', 'answers']);
  open = [];
  upstream.behave((received) => {
    if (received.message.params?.name === 'hangs') open.push(received);
    else answer(received);
  });
});
afterEach(() => upstream.close());

const callFrom = async (url: string, from: string, name: string): Promise<number> => {
  const params = { name, arguments: {} };
  const headers = modernHeaders('tools/call', params, {});
  return (await rawRequest(url, { method: 'POST', headers, body: modernBody('tools/call', params), from }))
    .status;
};

describe('an upstream for whose connections nothing is declared', () => {
  it('is there for a caller, whatever another has hang', async () => {
    await using gateway = await startTestGateway(configuration({ tracker: upstream.url }), { tap: false });
    const url = gateway.url();
    const hanging = Array.from({ length: HANGING }, () => callFrom(url, '127.0.0.2', 'hangs'));
    await upstream.until(() => open.length === SHARE);
    for (let call = 0; call < 20; call += 1) expect(await callFrom(url, '127.0.0.3', 'answers')).toBe(200);
    expect(open).toHaveLength(SHARE);
    upstream.behave(answer);
    for (const each of open.splice(0)) answer(each);
    expect(new Set(await Promise.all(hanging))).toEqual(new Set([200]));
  }, 60_000);

  it('is so for callers that are identified, at one address', async () => {
    const { yaml, files, tokens } = keyedCallers(['ann', 'bob'], { tracker: upstream.url });
    await using gateway = await startTestGateway(yaml, { files, tap: false });
    const url = gateway.url();
    const hanging = Array.from({ length: HANGING }, () => callTool(url, 'hangs', {}, { token: tokens.ann! }));
    await upstream.until(() => open.length === SHARE);
    for (let call = 0; call < 20; call += 1)
      expect((await callTool(url, 'answers', {}, { token: tokens.bob! })).status).toBe(200);
    expect(open).toHaveLength(SHARE);
    upstream.behave(answer);
    for (const each of open.splice(0)) answer(each);
    expect(new Set((await Promise.all(hanging)).map(({ status }) => status))).toEqual(new Set([200]));
  }, 60_000);
});
