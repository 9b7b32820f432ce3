/**
 * `node upstream.ts <kind> <port>`: an MCP server in a process of its own, which can be killed. `modern`: 2026-07-28,
 * with quick, slow and streamed tools and subscriptions; `asking`: 2025-11-25, with tools that ask. Prints a line once
 * it listens, and ends with its parent.
 */
import type { ServerResponse } from 'node:http';
import { startAskingUpstream } from '../e2e/clients/upstreams/asking-http.ts';
import {
  answer,
  answerAsStream,
  event,
  json,
  openStream,
  startFastUpstream,
} from '../support/fast-upstream.ts';

const CHANGE_EVERY_MS = 500;
const TOOLS = ['echo', 'stream', 'slow'].map((name) => ({ name, inputSchema: { type: 'object' } }));

const startModern = async (port: number): Promise<void> => {
  const upstream = await startFastUpstream({ eras: ['modern'], port });
  upstream.on('tools/list', ({ message, response }) => {
    const result = { resultType: 'complete', tools: TOOLS, ttlMs: 60_000, cacheScope: 'public' };
    json(response, { jsonrpc: '2.0', id: message.id, result });
  });
  upstream.behave((received) => {
    const { name, arguments: args } = received.message.params as {
      readonly name: string;
      readonly arguments?: { readonly ms?: number };
    };
    if (name === 'stream') answerAsStream(received);
    else if (name === 'slow') setTimeout(() => answer(received), args?.ms ?? 0);
    else answer(received);
  });
  const streams = new Map<ServerResponse, unknown>();
  upstream.on('subscriptions/listen', ({ message, response }) => {
    streams.set(response, message.id);
    response.on('close', () => streams.delete(response));
    openStream(response);
    const params = { notifications: message.params!.notifications };
    response.write(event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params }));
  });
  setInterval(() => {
    for (const [response, id] of streams) {
      const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
      response.write(
        event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { _meta } }),
      );
    }
  }, CHANGE_EVERY_MS);
};

const [kind, port] = process.argv.slice(2);
if (kind === 'asking') await startAskingUpstream(Number(port));
else await startModern(Number(port));
process.on('disconnect', () => process.exit(0));
process.send!('listening');
