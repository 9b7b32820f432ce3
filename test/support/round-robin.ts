/** A load balancer without affinity: each request goes to the next server; one that refuses connections is passed over. */
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RoundRobin extends AsyncDisposable {
  /** The URL that stands for those of the servers. */
  readonly url: string;
  /** Requests that each server has answered, by its place. */
  readonly answered: readonly number[];
}

export const startRoundRobin = async (urls: readonly string[]): Promise<RoundRobin> => {
  const answered = urls.map(() => 0);
  const agent = new http.Agent({ keepAlive: false });
  let turn = 0;

  const forward = (request: IncomingMessage, response: ServerResponse, body: Buffer, tries: number): void => {
    const place = turn % urls.length;
    turn += 1;
    const { method, headers, url } = request;
    const onward = http.request(new URL(url!, urls[place]), { method: method!, headers, agent });
    onward.on('response', (answer) => {
      answered[place]! += 1;
      response.writeHead(answer.statusCode!, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    onward.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && tries > 1) forward(request, response, body, tries - 1);
      else response.destroy();
    });
    response.once('close', () => onward.destroy());
    onward.end(body);
  };

  // A connection that a client is about to use again must not end then.
  const server = http.createServer({ keepAliveTimeout: 120_000 }, async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request));
    forward(request, response, body, urls.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${new URL(urls[0]!).pathname}`,
    answered,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
