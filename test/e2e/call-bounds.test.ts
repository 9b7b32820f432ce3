import { afterEach, describe, expect, it } from 'vitest';
import { configuration } from '../support/configuration.ts';
import { echoResult, event, type FastUpstream, openStream, type Received } from '../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { callTool } from '../support/modern-client.ts';
import { startToolUpstream } from '../support/tool-upstream.ts';

let upstream: FastUpstream;
/** What the upstream got of `slow`. */
let slow: Received[];

const startUpstream = async (era: 'modern' | 'legacy'): Promise<void> => {
  upstream = await startToolUpstream('tracker', ['slow'], { eras: [era] });
  slow = [];
  upstream.behave((received) => void slow.push(received));
};

afterEach(() => upstream.close());

const start = (times: object): Promise<TestGateway> =>
  startTestGateway(
    configuration(
      { tracker: upstream.url },
      { server: { limits: ['short'] }, limits: { short: { type: 'bounds', tools: ['slow'], ...times } } },
    ),
  );

/** Tells of progress every 200 ms; answers after so many times. */
const goOn =
  (times: number) =>
  ({ message, response }: Received): void => {
    openStream(response);
    let progress = 0;
    const timer = setInterval(() => {
      progress += 1;
      const params = { progressToken: message.id, progress };
      response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params }));
      if (progress < times) return;
      clearInterval(timer);
      response.end(event({ jsonrpc: '2.0', id: message.id, result: echoResult(message) }));
    }, 200);
    response.on('close', () => clearInterval(timer));
  };

describe('the time that a call may take', () => {
  it('[RATE-02] ends the call at the upstream: a modern one sees its request closed', async () => {
    await startUpstream('modern');
    await using gateway = await start({ callTimeout: '1s' });
    const { body } = await callTool(gateway.url(), 'slow');
    expect(body.error.data.code).toBe('upstream_timeout');
    await upstream.until(() => slow[0]!.request.socket.destroyed);
    expect(slow).toHaveLength(1);
  });

  it('[RATE-02] ends the call at the upstream: one of sessions is told notifications/cancelled', async () => {
    await startUpstream('legacy');
    await using gateway = await start({ callTimeout: '1s' });
    const { body } = await callTool(gateway.url(), 'slow');
    expect(body.error.data.code).toBe('upstream_timeout');
    const cancelled = () =>
      upstream.log.filter(({ message }) => message.method === 'notifications/cancelled');
    await upstream.until(() => cancelled().length > 0);
    expect(cancelled().map(({ message }) => message.params?.requestId)).toEqual([slow[0]!.message.id]);
  });

  it('is extended by progress where callMax is given, and no further than that', async () => {
    await startUpstream('modern');
    await using gateway = await start({ callTimeout: '1s', callMax: '4s' });
    const call = (meta: object) => callTool(gateway.url(), 'slow', {}, { meta });
    upstream.behave(goOn(7));
    expect((await call({ progressToken: 'p' })).body.result).toBeDefined();
    upstream.behave(goOn(Number.POSITIVE_INFINITY));
    const before = performance.now();
    expect((await call({ progressToken: 'p' })).body.error.data.code).toBe('upstream_timeout');
    expect(performance.now() - before).toBeGreaterThan(3900);
    // The upstream cannot take more time by telling of what nobody asked for.
    upstream.behave(goOn(7));
    expect((await call({})).body.error.data.code).toBe('upstream_timeout');
  });

  it('is not extended by progress where callMax is not given', async () => {
    await startUpstream('modern');
    await using gateway = await start({ callTimeout: '1s' });
    upstream.behave(goOn(100));
    const { body } = await callTool(gateway.url(), 'slow', {}, { meta: { progressToken: 'p' } });
    expect(body.error.data.code).toBe('upstream_timeout');
  });
});
