import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { type Behaviour, event, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openSession, streamedRequest } from '../../support/legacy-client.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { SLOW_START } from '../../support/slow-start.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const STDIO = fileURLToPath(import.meta.resolve('../../support/strange-progress.ts'));

/** Progress of a token nobody gave, then some that goes up, down, nowhere, and on after the answer. */
const strange: Behaviour = ({ message, response }) => {
  const meta = message.params?._meta as { progressToken?: unknown };
  const told = (progressToken: unknown, progress: unknown) =>
    response.write(
      event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } }),
    );
  openStream(response);
  told('unknown', 1);
  told(999_999, 50);
  told(String(meta.progressToken), 60);
  for (const progress of [1, 3, 2, 3, 'four', 4.5]) told(meta.progressToken, progress);
  const modern = 'io.modelcontextprotocol/protocolVersion' in meta ? { resultType: 'complete' } : {};
  response.write(event({ jsonrpc: '2.0', id: message.id, result: { content: [], ...modern } }));
  told(meta.progressToken, 100);
  response.end();
};

const ERAS = ['modern', 'legacy'] as const;
const META = { progressToken: 'own' };

const call = async (url: string, era: (typeof ERAS)[number]): Promise<EventStreamClient> => {
  const params = { name: 'strange', arguments: {} };
  if (era === 'modern') {
    const headers = modernHeaders('tools/call', params, {});
    return EventStreamClient.open(
      url,
      { method: 'POST', headers },
      modernBody('tools/call', params, { meta: META }),
    );
  }
  const session = await openSession(url);
  return streamedRequest(url, session, { id: 1, method: 'tools/call', params: { ...params, _meta: META } });
};

/** What came on the stream of a call until its end. */
const heard = async (stream: EventStreamClient) => {
  await stream.over;
  return stream.messages.map(({ method, params, result }) =>
    result === undefined ? [method, params.progressToken, params.progress] : 'answer',
  );
};

const GOES_UP = [
  ['notifications/progress', 'own', 1],
  ['notifications/progress', 'own', 3],
  ['notifications/progress', 'own', 4.5],
  'answer',
];

describe.each(ERAS)('a %s client', (client) => {
  it.each(ERAS)(
    'hard case 27: is told of a %s upstream only what is progress of its own call',
    async (era) => {
      const upstream = await startToolUpstream('strange', ['strange'], { eras: [era] });
      upstream.behave(strange);
      await using gateway = await startTestGateway(configuration({ strange: upstream.url }));
      expect(await heard(await call(gateway.url(), client))).toEqual(GOES_UP);
      await upstream.close();
    },
  );

  it('hard case 27: is told of a process only what is progress of its own call', async () => {
    const upstreams = { strange: { type: 'stdio', ...SLOW_START, command: [process.execPath, STDIO] } };
    const expose = [{ upstream: 'strange' }];
    await using gateway = await startTestGateway(configuration({}, { upstreams, expose }));
    expect(await heard(await call(gateway.url(), client))).toEqual(GOES_UP);
    expect(await heard(await call(gateway.url(), client))).toEqual(GOES_UP);
  });
});
