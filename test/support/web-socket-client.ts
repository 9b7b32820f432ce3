/** A WebSocket that a test reads by hand. */
import { type ClientOptions, WebSocket } from 'ws';

export class WebSocketClient {
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  readonly messages: any[] = [];
  readonly socket: WebSocket;
  /** The close code. */
  readonly closed: Promise<number>;
  readonly #waiting: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#wake();
        resolve(code);
      });
    });
  }

  /** Opens it beside an MCP endpoint; rejects with `status <n>` if it is refused. */
  static async open(
    endpoint: string,
    options: ClientOptions = {},
    protocols: string[] = ['mcp'],
  ): Promise<WebSocketClient> {
    const socket = new WebSocket(`${endpoint.replace(/^http/, 'ws')}/ws`, protocols, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('open', resolve).once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(`status ${response.statusCode}`));
      response.resume();
      socket.terminate();
    });
    const client = new WebSocketClient(socket);
    await promise;
    return client;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** Begins the session; resolves with the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  async initialize(protocolVersion = '2025-11-25', capabilities: object = {}): Promise<any> {
    const clientInfo = { name: 'test-client', version: '1.0.0' };
    this.say({ id: 'init', method: 'initialize', params: { protocolVersion, capabilities, clientInfo } });
    const answer = await this.answerTo('init');
    this.say({ method: 'notifications/initialized' });
    return answer;
  }

  call(id: unknown, name: string, args: object = {}): void {
    this.say({ id, method: 'tools/call', params: { name, arguments: args } });
  }

  /** The first message that fits, which has come or will; rejects if the socket closes without one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  async heard(fits: (message: any) => boolean): Promise<any> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`closed: ${JSON.stringify(this.messages)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came
  answerTo(id: unknown): Promise<any> {
    return this.heard((message) => message.id === id && message.method === undefined);
  }

  close(): void {
    this.socket.terminate();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
