/** server-everything, which asks in every way that there is, before modern clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ableCall, answersTo, askedBy, retryCall } from '../../support/asking.ts';
import { configuration } from '../../support/configuration.ts';
import { freePort } from '../../support/free-port.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { toolNames } from '../../support/modern-client.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import type { Peer } from './peer.ts';
import { openV2 } from './v2-peer.ts';

const EVERYTHING = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);
const ABILITIES = {
  elicit: () => ({ name: 'Ada', check: true }),
  sample: (text: string) => `You said: ${text.slice(-5)}`,
  roots: ['file:///work'],
};

let child: ChildProcess;
let gateway: TestGateway;

beforeAll(async () => {
  const port = await freePort();
  child = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(child.stderr!, 'data');
  const server = (upstream: string) => ({
    at: [{ listener: 'main', path: `/${upstream}` }],
    anonymous: true,
    expose: [{ upstream }],
  });
  gateway = await startTestGateway(
    configuration(
      {},
      {
        servers: { http: server('http'), stdio: server('stdio') },
        upstreams: {
          http: { type: 'http', endpoints: [`http://127.0.0.1:${port}/mcp`] },
          stdio: {
            type: 'stdio',
            ...SLOW_START,
            command: [process.execPath, EVERYTHING],
            isolation: 'per-principal',
          },
        },
      },
    ),
  );
});
afterAll(async () => {
  await gateway.close();
  child.kill();
  await once(child, 'exit');
});

describe.each(['http', 'stdio'])('server-everything over %s before a modern client', (server) => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await openV2({ pin: '2026-07-28' })(gateway.url(server), ABILITIES);
  });
  afterAll(() => peer.close());

  it('offers what the client can be asked', async () => {
    const all = await peer.tools();
    for (const name of ['trigger-elicitation-request', 'trigger-sampling-request', 'get-roots-list'])
      expect(all).toContain(name);
    expect(all).not.toContain('trigger-url-elicitation');
    const fewer = await toolNames(gateway.url(server));
    expect(fewer).not.toContain('trigger-elicitation-request');
    expect(fewer.length).toBeLessThan(all.length);
  });

  it('asks the user', async () => {
    const { text } = await peer.call('trigger-elicitation-request');
    expect(text).toContain('Ada');
  });

  it('asks the model', async () => {
    const { text } = await peer.call('trigger-sampling-request', { prompt: 'Hello', maxTokens: 10 });
    expect(text).toContain('You said: Hello');
  });

  it('asks for roots', async () => {
    expect((await peer.call('get-roots-list')).text).toContain('file:///work');
  });

  it('sends the user to a URL, first by its refusal and then by its question', async () => {
    const args = { url: 'https://example.com/connect', message: 'Connect', errorPath: true };
    const name = 'trigger-url-elicitation';
    const first = askedBy(await ableCall(gateway.url(server), name, args));
    expect(Object.values(first.inputRequests)).toMatchObject([
      { params: { mode: 'url', url: 'https://modelcontextprotocol.io' } },
    ]);
    const second = askedBy(
      await retryCall(gateway.url(server), name, args, first, answersTo(first, { action: 'accept' })),
    );
    expect(Object.values(second.inputRequests)).toEqual([
      { method: 'elicitation/create', params: { mode: 'url', url: args.url, message: 'Connect' } },
    ]);
    const { body } = await retryCall(
      gateway.url(server),
      name,
      args,
      second,
      answersTo(second, { action: 'accept' }),
    );
    expect(body.result.content[0].text).toContain('User completed the URL elicitation flow');
  });
});
