/** A client of HTTP+SSE (MCP 2024-11-05), by hand on node:net: calls are posted, answers come on one stream. */
import { connect, type Socket } from 'node:net';
import { callBody, initializeBody, isRightAnswer } from './call.ts';

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Where it is served, and who calls. */
export interface EventEndpoint {
  readonly port: number;
  /** Of the event stream. */
  readonly path: string;
  readonly token?: string | undefined;
}

const authorizationOf = ({ token }: EventEndpoint): string =>
  token === undefined ? '' : `authorization: Bearer ${token}\r\n`;

/** The data of each event as it comes. */
const readEvents = (endpoint: EventEndpoint, onData: (data: string) => void): Socket => {
  const { port, path } = endpoint;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n` +
        `${authorizationOf(endpoint)}\r\n`,
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

const postTo = (path: string, endpoint: EventEndpoint, body: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${endpoint.port}\r\ncontent-type: application/json\r\n` +
  `${authorizationOf(endpoint)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

export interface EventClient {
  /** Makes one call; not two at a time. Resolves when it is answered right. */
  call(): Promise<void>;
  close(): void;
}

/** Opens a session. Rejects if it is refused. */
export const openEventClient = async (endpoint: EventEndpoint, id: number): Promise<EventClient> => {
  let onData: (data: string) => void = () => undefined;
  let onPosted: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      onData = resolve;
      fail = reject;
    });
  const begun = next();
  const events = readEvents(endpoint, (data) => onData(data));
  const posts = connect({ port: endpoint.port, host: '127.0.0.1', noDelay: true });
  posts.on('data', (chunk) => {
    const text = chunk.toString('latin1');
    if (text.startsWith('HTTP/1.1 202 ')) onPosted();
    else fail(new Error(`a post was answered ${text.slice(0, 200)}`));
  });
  for (const socket of [events, posts]) {
    socket.on('error', (error) => fail(error));
    socket.on('close', () => fail(new Error(`port ${endpoint.port} closed a connection`)));
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
  await post(postTo(path, endpoint, initializeBody()));
  fail = openedFailed;
  await opened;
  await post(postTo(path, endpoint, INITIALIZED));
  const request = postTo(path, endpoint, callBody('legacy', id, 'events'));
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
