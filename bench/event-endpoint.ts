/** A client of HTTP+SSE (MCP 2024-11-05), by hand on node:net: calls are posted, answers come on one stream. */
import { connect, type Socket } from 'node:net';
import { callBody, ENDPOINT_PATH, initializeBody, isRightAnswer } from './call.ts';

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** The data of each event as it comes. */
const readEvents = (port: number, onData: (data: string) => void): Socket => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
    socket.write(
      `GET ${ENDPOINT_PATH} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`,
    ),
  );
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const data = /(?:^|\n)data: ([^\n]*)$/.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) onData(data);
    }
  });
  return socket;
};

const postTo = (path: string, port: number, body: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
  `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

export interface EventClient {
  /** Makes one call; not two at a time. Resolves when it is answered right. */
  call(): Promise<void>;
  close(): void;
}

/** Opens a session. Rejects if it is refused. */
export const openEventClient = async (port: number, id: number): Promise<EventClient> => {
  let onData: (data: string) => void = () => undefined;
  let onPosted: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      onData = resolve;
      fail = reject;
    });
  const begun = next();
  const events = readEvents(port, (data) => onData(data));
  const posts = connect({ port, host: '127.0.0.1', noDelay: true });
  posts.on('data', (chunk) => {
    const text = chunk.toString('latin1');
    if (text.startsWith('HTTP/1.1 202 ')) onPosted();
    else fail(new Error(`a post was answered ${text.slice(0, 200)}`));
  });
  for (const socket of [events, posts]) {
    socket.on('error', (error) => fail(error));
    socket.on('close', () => fail(new Error(`port ${port} closed a connection`)));
  }
  const path = await begun;
  const post = (request: string): Promise<void> =>
    new Promise((resolve, reject) => {
      onPosted = resolve;
      fail = reject;
      posts.write(request);
    });
  const opened = next();
  const openedFailed = fail;
  await post(postTo(path, port, initializeBody()));
  fail = openedFailed;
  await opened;
  await post(postTo(path, port, INITIALIZED));
  const request = postTo(path, port, callBody('legacy', id, 'events'));
  let known = '';
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let missing = 2;
      const arrived = (): void => {
        missing -= 1;
        if (missing === 0) resolve();
      };
      fail = reject;
      onPosted = arrived;
      onData = (data) => {
        if (data !== known && !isRightAnswer(data, id, 'events')) reject(new Error(`wrong answer: ${data}`));
        known = data;
        arrived();
      };
      posts.write(request);
    });
  const close = (): void => {
    events.destroy();
    posts.destroy();
  };
  return { call, close };
};
