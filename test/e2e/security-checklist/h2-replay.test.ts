import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../runtime/identity/api-key.ts';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { event, type FastUpstream, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { openSession, type SessionHeaders } from '../../support/legacy-client.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const [alice, mallory] = [makeApiKey('alice'), makeApiKey('mallory')];
const as = ({ key }: { key: string }): SessionHeaders => ({ authorization: `Bearer ${key}` });

let upstream: FastUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startToolUpstream('one', ['tell'], { eras: ['legacy'] });
  upstream.behave(({ message, response }) => {
    const { secret } = message.params!.arguments as { secret: string };
    const text = (data: string) => ({ content: [{ type: 'text', text: data }] });
    openStream(response);
    const logged = { level: 'info', data: `log of ${secret}` };
    response.write(event({ jsonrpc: '2.0', method: 'notifications/message', params: logged }));
    response.end(event({ jsonrpc: '2.0', id: message.id, result: text(`answer of ${secret}`) }));
  });
  const keys = [
    { id: 'alice', hash: alice.hash, servers: ['main'] },
    { id: 'mallory', hash: mallory.hash, servers: ['main'] },
  ];
  gateway = await startTestGateway(
    configuration(
      { one: upstream.url },
      {
        identity: { robots: { type: 'api-key', keysFile: './keys.yaml' } },
        server: { identity: ['robots'] },
      },
    ),
    { files: { 'keys.yaml': JSON.stringify({ keys }) } },
  );
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Calls the tool and reads its stream to the end; the ids of its events, oldest first. */
const tell = async (session: SessionHeaders, secret: string): Promise<string[]> => {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: secret,
    method: 'tools/call',
    params: { name: 'tell', arguments: { secret } },
  });
  const headers = {
    ...session,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const stream = await EventStreamClient.open(gateway.url(), { method: 'POST', headers }, body);
  await stream.over;
  return stream.events.flatMap(({ id }) => id ?? []);
};

const replay = (session: SessionHeaders, lastEventId: string) =>
  rawRequest(gateway.url(), {
    headers: { ...session, accept: 'text/event-stream', 'last-event-id': lastEventId },
  });

describe('Last-Event-ID', () => {
  it('H2: replays what follows on the stream that the event belongs to, and nothing of another stream', async () => {
    const session = await openSession(gateway.url(), as(alice));
    const [first] = await tell(session, 'blue');
    await tell(session, 'green');
    const { status, text } = await replay(session, first!);
    expect(status).toBe(200);
    expect(text).toContain('log of blue');
    expect(text).toContain('answer of blue');
    expect(text).not.toContain('green');
  });

  it('H2: begins with a priming event that repeats the place the client was at', async () => {
    const session = await openSession(gateway.url(), as(alice));
    const [first] = await tell(session, 'blue');
    expect((await replay(session, first!)).text.startsWith(`id: ${first}\ndata: \n\n`)).toBe(true);
  });

  it('H2: replays nothing to another session of the same principal', async () => {
    const session = await openSession(gateway.url(), as(alice));
    const [first] = await tell(session, 'blue');
    const other = await openSession(gateway.url(), as(alice));
    const refused = await replay(other, first!);
    expect(refused.status).toBe(400);
    expect(refused.text).not.toContain('blue');
    await tell(other, 'green');
    expect((await replay(other, first!)).text).not.toContain('blue');
  });

  it('H2: replays nothing to another principal, with the session id or without', async () => {
    const session = await openSession(gateway.url(), as(alice));
    const [first] = await tell(session, 'blue');
    const own = await openSession(gateway.url(), as(mallory));
    expect((await replay({ ...session, ...as(mallory) }, first!)).status).toBe(404);
    expect((await replay(own, first!)).text).not.toContain('blue');
    expect((await replay(as(mallory), first!)).status).toBe(400);
  });

  it('H2: replays nothing of a session that has ended', async () => {
    const session = await openSession(gateway.url(), as(alice));
    const [first] = await tell(session, 'blue');
    await rawRequest(gateway.url(), { method: 'DELETE', headers: session });
    expect((await replay(session, first!)).status).toBe(404);
  });

  it('H2: refuses ids that name no stream', async () => {
    const session = await openSession(gateway.url(), as(alice));
    for (const id of ['0', '-', 'zzzz-0', '1-1-1', '../1-1', '1e3-0', 'A-0'])
      expect((await replay(session, id)).status, id).toBe(400);
  });
});
