/**
 * A process of its own: an MCP endpoint of 2026-07-28 whose changes can be subscribed to. A POST to /change makes it
 * tell all streams that the list of tools changed, and answers how many there were. Prints its port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { MODERN_REVISION } from './call.ts';
import { answerTo } from './upstream-answer.ts';

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const streams = new Map<ServerResponse, unknown>();

const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

const sendJson = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};

const listen = (response: ServerResponse, id: unknown, notifications: unknown): void => {
  streams.set(response, id);
  response.on('close', () => streams.delete(response));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const params = { notifications, _meta: { [SUBSCRIPTION]: id } };
  response.write(event({ method: 'notifications/subscriptions/acknowledged', params }));
};

const DISCOVERED = {
  resultType: 'complete',
  supportedVersions: [MODERN_REVISION],
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
  ttlMs: 3_600_000,
  cacheScope: 'public',
};

const serve = (request: IncomingMessage, response: ServerResponse, body: string): void => {
  if (request.url === '/change') {
    for (const [stream, id] of streams)
      stream.write(
        event({ method: 'notifications/tools/list_changed', params: { _meta: { [SUBSCRIPTION]: id } } }),
      );
    sendJson(response, 200, JSON.stringify({ streams: streams.size }));
    return;
  }
  const { id, method, params } = body === '' ? {} : JSON.parse(body);
  if (method === 'subscriptions/listen') listen(response, id, params.notifications);
  else if (method === 'server/discover')
    sendJson(response, 200, JSON.stringify({ jsonrpc: '2.0', id, result: DISCOVERED }));
  else {
    const answer = answerTo(body);
    sendJson(response, answer.status, answer.body);
  }
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => serve(request, response, Buffer.concat(chunks).toString()));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(address.port);
});
