/** An event stream that a test reads by hand. */
import http from 'node:http';
import { EventReader, type ServerEvent } from './event-reader.ts';

/** How a stream came to its end. */
export type StreamEnd = 'ended' | 'cut';

export class EventStreamClient {
  readonly events: ServerEvent[] = [];
  /** `ended` where the server ended its reply in order, `cut` where the connection broke before. */
  readonly over: Promise<StreamEnd>;
  readonly #response: http.IncomingMessage;
  readonly #waiting: (() => void)[] = [];

  private constructor(response: http.IncomingMessage) {
    this.#response = response;
    const reader = new EventReader();
    this.over = new Promise((resolve) => {
      response.on('data', (chunk: Buffer) => {
        this.events.push(...reader.read(chunk));
        this.#wake();
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve(response.complete ? 'ended' : 'cut');
        this.#wake();
      });
    });
  }

  /** Opens it, on a connection of its own unless an agent is given; resolves when the head has come. */
  static open(url: string, options: http.RequestOptions, body?: string): Promise<EventStreamClient> {
    return new Promise((resolve, reject) => {
      const request = http.request(url, { agent: false, ...options });
      request.on('response', (response) => {
        if (response.headers['content-type'] === 'text/event-stream')
          resolve(new EventStreamClient(response));
        else {
          response.resume();
          reject(new Error(`no stream: ${response.statusCode}`));
        }
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** JSON-RPC messages so far. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  get messages(): any[] {
    return this.events
      .filter(({ data }) => data !== undefined && data !== '')
      .map(({ data }) => JSON.parse(data!));
  }

  /** Resolves when a message fits; rejects if the stream ends without one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  message(fits: (message: any) => boolean): Promise<any> {
    return this.#found(() => this.messages.find(fits));
  }

  /** As `message`, of events that carry anything. */
  event(fits: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    return this.#found(() => this.events.find(fits));
  }

  async #found<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#response.closed) throw new Error(`the stream ended: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.#response.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
