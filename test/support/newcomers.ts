/** Clients that begin a session, over each transport that a listener serves. */
import { EventStreamClient } from './event-stream-client.ts';
import { WebSocketClient } from './web-socket-client.ts';

/** One that has not begun yet. */
export interface Newcomer {
  /** Asks for its session; resolves to how that ends: `answered`, the code of the error, or `cut`. */
  initialize(): Promise<string>;
  /** Goes away. */
  leave(): void;
}

/** The parameters of an initialize. */
export const GREETING = {
  protocolVersion: '2025-03-26',
  capabilities: {},
  clientInfo: { name: 'test-client', version: '1.0.0' },
};

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
const endOf = ({ error }: any): string => (error === undefined ? 'answered' : error.data.code);

const initializeText = (id: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'initialize', params: GREETING });

const cut = (): string => 'cut';

const overHttp = async (url: string): Promise<Newcomer> => {
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return {
    initialize: () =>
      fetch(url, { method: 'POST', headers, body: initializeText(1), signal: leaving.signal })
        .then(async (answer) => endOf(await answer.json()))
        .catch(cut),
    leave: () => leaving.abort(),
  };
};

const overWebSocket = async (url: string): Promise<Newcomer> => {
  const client = await WebSocketClient.open(url);
  let ids = 0;
  return {
    initialize: () => {
      ids += 1;
      client.socket.send(initializeText(ids));
      return client.answerTo(ids).then(endOf, cut);
    },
    leave: () => client.close(),
  };
};

const overEventStream = async (url: string): Promise<Newcomer> => {
  const stream = await EventStreamClient.open(`${url}/sse`, { headers: { accept: 'text/event-stream' } });
  const { data: place } = await stream.event(({ event }) => event === 'endpoint');
  const postUrl = new URL(place!, url).href;
  const answerTo = async (id: number): Promise<string> => {
    const { data } = await stream.event(
      ({ event, data: text }) => event === 'message' && JSON.parse(text!).id === id,
    );
    return endOf(JSON.parse(data!));
  };
  let ids = 0;
  return {
    initialize: async () => {
      ids += 1;
      const id = ids;
      const headers = { 'content-type': 'application/json' };
      await fetch(postUrl, { method: 'POST', headers, body: initializeText(id) });
      return answerTo(id).catch(cut);
    },
    leave: () => stream.close(),
  };
};

/** By the transport's name; each opens at a server's endpoint. */
export const NEWCOMERS: Readonly<Record<string, (url: string) => Promise<Newcomer>>> = {
  'streamable HTTP': overHttp,
  WebSocket: overWebSocket,
  'HTTP+SSE': overEventStream,
};
