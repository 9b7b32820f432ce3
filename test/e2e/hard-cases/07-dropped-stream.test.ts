import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { EventStreamClient } from '../../support/event-stream-client.ts';
import { event, openStream } from '../../support/fast-upstream.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { legacyMessage, legacyRequest, openSession, streamedRequest } from '../../support/legacy-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';
import { PEERS } from '../clients/peers.ts';
import { startModernUpstream } from '../clients/upstreams/modern-http.ts';

const CALL = {
  id: 'c',
  method: 'tools/call',
  params: { name: 'slow', _meta: { progressToken: 'p' } },
} as const;

const progress = (progressToken: unknown, value: number) =>
  event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: value } });

/** A modern upstream whose one tool reports progress, and goes on when it is told to. */
const startSlow = async () => {
  const upstream = await startToolUpstream('slow', ['slow'], { eras: ['modern'] });
  const aborted = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isAborted = false;
  upstream.behave(({ message, response }) => {
    const { progressToken } = message.params!._meta as { progressToken: unknown };
    response.on('close', () => {
      isAborted = !response.writableFinished;
      if (isAborted) aborted.resolve();
    });
    openStream(response);
    response.write(progress(progressToken, 1));
    void released.promise.then(() => {
      response.write(progress(progressToken, 2));
      const result = { resultType: 'complete', content: [{ type: 'text', text: 'done at last' }] };
      response.end(event({ jsonrpc: '2.0', id: message.id, result }));
    });
  });
  return { upstream, aborted: aborted.promise, isAborted: () => isAborted, release: released.resolve };
};

const resume = (url: string, session: Readonly<Record<string, string>>, lastEventId: string) =>
  EventStreamClient.open(url, {
    method: 'GET',
    headers: { ...session, accept: 'text/event-stream', 'last-event-id': lastEventId },
  });

it('hard case 7: a legacy client that lost its stream in the middle of a call gets the rest of it with Last-Event-ID, from a modern upstream that knows of nothing', async () => {
  const slow = await startSlow();
  await using gateway = await startTestGateway(configuration({ slow: slow.upstream.url }));
  const session = await openSession(gateway.url());
  const first = await streamedRequest(gateway.url(), session, CALL);
  await first.message(({ method }) => method === 'notifications/progress');
  const { id } = first.events.findLast((each) => each.id !== undefined)!;
  first.close();
  await legacyRequest(gateway.url(), 'ping', {}, session);
  slow.release();
  const second = await resume(gateway.url(), session, id!);
  const { result } = await second.message((message) => message.id === 'c');
  expect(result.content[0].text).toBe('done at last');
  const told = second.messages.filter(({ method }) => method === 'notifications/progress');
  expect(told.map(({ params }) => params)).toEqual([{ progressToken: 'p', progress: 2 }]);
  expect(slow.isAborted()).toBe(false);
  expect(slow.upstream.calls).toBe(1);
  await slow.upstream.close();
});

it('hard case 7: taken back while nobody reads its stream, the call ends at the modern upstream too', async () => {
  const slow = await startSlow();
  await using gateway = await startTestGateway(configuration({ slow: slow.upstream.url }));
  const session = await openSession(gateway.url());
  const first = await streamedRequest(gateway.url(), session, CALL);
  await first.message(({ method }) => method === 'notifications/progress');
  first.close();
  await legacyMessage(gateway.url(), session, {
    method: 'notifications/cancelled',
    params: { requestId: 'c' },
  });
  await slow.aborted;
  await slow.upstream.close();
});

it('hard case 7: what a modern upstream asks while nobody reads the stream is asked when the client is back', async () => {
  const upstream = await startToolUpstream('asks', ['slow'], { eras: ['modern'] });
  upstream.behave(({ message, response }) => {
    const { progressToken } = message.params!._meta as { progressToken: unknown };
    const again = message.params?.inputResponses !== undefined;
    openStream(response);
    response.write(progress(progressToken, again ? 2 : 1));
    const result = again
      ? { resultType: 'complete', content: [{ type: 'text', text: 'done at last' }] }
      : { resultType: 'input_required', inputRequests: { r: { method: 'roots/list' } } };
    const end = () => response.end(event({ jsonrpc: '2.0', id: message.id, result }));
    if (again) end();
    else ends.resolve(end);
  });
  const ends = Promise.withResolvers<() => void>();
  await using gateway = await startTestGateway(configuration({ asks: upstream.url }));
  const session = await openSession(gateway.url(), {}, { capabilities: { roots: {} } });
  const first = await streamedRequest(gateway.url(), session, CALL);
  await first.message(({ method }) => method === 'notifications/progress');
  const { id } = first.events.findLast((each) => each.id !== undefined)!;
  first.close();
  (await ends.promise)();
  const second = await resume(gateway.url(), session, id!);
  const ask = await second.message(({ method }) => method === 'roots/list');
  await legacyMessage(gateway.url(), session, { id: ask.id, result: { roots: [] } });
  const { result } = await second.message((message) => message.id === 'c');
  expect(result.content[0].text).toBe('done at last');
  await upstream.close();
});

describe.each(PEERS.filter(({ era }) => era === 'legacy'))('$name', ({ open }) => {
  it('hard case 7: goes on by itself when its stream is cut while it is asked', async () => {
    await using upstream = await startModernUpstream();
    await using gateway = await startTestGateway(configuration({ modern: upstream.url }));
    const cut = Promise.withResolvers<void>();
    await using peer = await open(gateway.url(), {
      elicit: () => {
        gateway.dropStreams();
        cut.resolve();
        return { name: 'Ada' };
      },
    });
    const [{ text }] = await Promise.all([peer.call('ask'), cut.promise]);
    expect(text).toBe('Hello, Ada');
  });

  it('hard case 7: is not taken back when its stream is cut', async () => {
    await using upstream = await startModernUpstream();
    await using gateway = await startTestGateway(configuration({ modern: upstream.url }));
    await using peer = await open(gateway.url());
    let isCancelled = false;
    upstream.events.once('cancelled', () => {
      isCancelled = true;
    });
    const waiting = once(upstream.events, 'waiting');
    const taken = new AbortController();
    const call = peer.call('wait', {}, { signal: taken.signal });
    await waiting;
    gateway.dropStreams();
    await peer.ping();
    expect(isCancelled).toBe(false);
    taken.abort('enough');
    await expect(call).rejects.toThrow();
  });
});
