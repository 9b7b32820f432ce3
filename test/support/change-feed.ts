/** A modern upstream that tells of changes when a test wants it to. */
import { event, type FastUpstream, openStream, startFastUpstream } from './fast-upstream.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

export interface ChangeFeed {
  readonly upstream: FastUpstream;
  readonly url: string;
  /** Filters that were asked for. */
  readonly asked: object[];
  /** Streams that are open. */
  readonly open: number;
  tell(method: string, params: object): void;
  /** Writes an event as it is. */
  tellText(text: string): void;
  /** Ends the streams in order. */
  endAll(): void;
  /** Breaks their connections. */
  cutAll(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** An upstream that acknowledges every subscription and tells what a test wants it to. */
export const startFeed = async (): Promise<ChangeFeed> => {
  const upstream = await startFastUpstream({ eras: ['modern'] });
  const asked: object[] = [];
  const streams = new Map<Parameters<typeof openStream>[0], unknown>();
  upstream.on('subscriptions/listen', ({ message, response }) => {
    const notifications = message.params!.notifications as object;
    asked.push(notifications);
    streams.set(response, message.id);
    response.on('close', () => streams.delete(response));
    openStream(response);
    response.write(event({ jsonrpc: '2.0', method: ACKNOWLEDGED, params: { notifications } }));
  });
  const tell = (method: string, params: object): void => {
    for (const [response, id] of streams) {
      const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
      response.write(event({ jsonrpc: '2.0', method, params: { ...params, _meta } }));
    }
  };
  return {
    upstream,
    url: upstream.url,
    asked,
    get open() {
      return streams.size;
    },
    tell,
    tellText: (text) => {
      for (const response of streams.keys()) response.write(`data: ${text}\n\n`);
    },
    endAll: () => {
      for (const [response, id] of streams)
        response.end(event({ jsonrpc: '2.0', id, result: { resultType: 'complete' } }));
    },
    cutAll: () => {
      for (const response of streams.keys()) response.destroy();
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  };
};
