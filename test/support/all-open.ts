/** All that one caller can have open at a gateway, of each kind one. */
import { expect } from 'vitest';
import { EventStreamClient } from './event-stream-client.ts';
import { openSession, type SessionHeaders } from './legacy-client.ts';
import { openListen } from './listen-client.ts';
import { WebSocketClient } from './web-socket-client.ts';

export interface Open {
  readonly listen: EventStreamClient;
  readonly session: SessionHeaders;
  readonly get: EventStreamClient;
  readonly channel: EventStreamClient;
  readonly socket: WebSocketClient;
}

/** Opens everything at the endpoint `url`, which has to serve all transports. */
export const openAll = async (url: string, token: string): Promise<Open> => {
  const authorization = { authorization: `Bearer ${token}` };
  const listen = await openListen(url, { toolsListChanged: true }, { token });
  const session = await openSession(url, authorization);
  const get = await EventStreamClient.open(url, { headers: { ...session, accept: 'text/event-stream' } });
  const channel = await EventStreamClient.open(`${url}/sse`, {
    headers: { ...authorization, accept: 'text/event-stream' },
  });
  await expect.poll(() => channel.events.length).toBe(1);
  const socket = await WebSocketClient.open(url, { headers: authorization });
  await socket.initialize();
  return { listen, session, get, channel, socket };
};

export const closeAll = ({ listen, get, channel, socket }: Open): void => {
  for (const each of [listen, get, channel, socket]) each.close();
};

/** All of one caller ends in order at once, and says nothing on the way. */
export const expectEnded = async (open: Open, closeCode = 1008): Promise<void> => {
  const { listen, get, channel, socket } = open;
  expect(await Promise.all([listen.over, get.over, channel.over])).toEqual(['ended', 'ended', 'ended']);
  expect(await socket.closed).toBe(closeCode);
  expect(listen.messages.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
};
