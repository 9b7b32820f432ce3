import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { replyEvent } from '../../../runtime/listen/whole-event.ts';
import { listenerNode, type ServedListener, serve } from './listener-fixture.ts';

let served: ServedListener;
afterEach(async () => {
  await served[Symbol.asyncDispose]();
});

describe('a stream of one event', () => {
  it('has each line of its data, a length, and the headers of a stream besides those of the reply', async () => {
    served = await serve(listenerNode(), {
      '/': (exchange) => replyEvent(exchange, '{"ä":\r\n1}', ['ratelimit', '"a";r=1']),
    });
    const { headers, body } = await request(served.url);
    expect(await body.text()).toBe('data: {"ä":\ndata: 1}\n\n');
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'content-length': '23',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      ratelimit: '"a";r=1',
    });
  });
});
