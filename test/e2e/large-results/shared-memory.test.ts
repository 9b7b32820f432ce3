/** Many large results at once, which pass through the same memory one after the other. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import { expect, it } from 'vitest';
import { configuration } from '../../support/configuration.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { modernBody, modernHeaders } from '../../support/modern-client.ts';
import { startToolUpstream } from '../../support/tool-upstream.ts';

const KINDS = ['length', 'chunks', 'small-chunks', 'event'] as const;
/** More than the system takes for a client that does not read. */
const UNREAD_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

interface Call {
  readonly number: number;
  readonly bytes: number;
  readonly kind: (typeof KINDS)[number];
}

/** Other bytes for each call. */
const resultOf = (idText: string, { number, bytes }: Call): string => {
  const block = `${String.fromCharCode(97 + (number % 26))}${number} `.repeat(20);
  const text = block.repeat(Math.ceil(bytes / block.length));
  return `{"jsonrpc":"2.0","id":${idText},"result":{"content":[{"type":"text","text":"${text}"}],"resultType":"complete"}}`;
};

const bodyOf = (call: Call, idText = String(call.number)): string => {
  const result = resultOf(idText, call);
  return call.kind === 'event' ? `data: ${result}\n\n` : result;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const digestOf = async (response: http.IncomingMessage): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of response) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Sends what was asked for, framed as was asked. */
const answer = (response: http.ServerResponse, idText: string, call: Call): void => {
  const body = bodyOf(call, idText);
  const type = call.kind === 'event' ? 'text/event-stream' : 'application/json';
  const length = call.kind === 'length' ? { 'content-length': body.length } : {};
  response.writeHead(200, { 'content-type': type, ...length });
  const bytes = call.kind === 'small-chunks' ? 40_000 : body.length;
  for (let at = 0; at < body.length; at += bytes) response.write(body.slice(at, at + bytes));
  response.end();
};

it('comes as it was sent for each client, while others do not read what they get and others leave', async () => {
  const upstream = await startToolUpstream('big', ['fetch']);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => upstream.close());
  upstream.behave(({ message, response }) =>
    answer(response, String(message.id), message.params!.arguments as Call),
  );
  await using gateway = await startTestGateway(configuration({ big: upstream.url }), { tap: false });
  const begin = (call: Call): Promise<http.IncomingMessage> => {
    const params = { name: 'fetch', arguments: call };
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const headers = modernHeaders('tools/call', params, {});
    const request = http.request(gateway.url(), { method: 'POST', agent: false, headers });
    request.on('error', reject).on('response', resolve);
    request.end(modernBody('tools/call', params, { id: call.number }));
    return promise;
  };
  const unread = KINDS.map((kind, at): Call => ({ number: 900 + at, bytes: UNREAD_BYTES, kind }));
  const waiting = await Promise.all(unread.map(begin));
  for (let round = 0; round < 4; round += 1) {
    const calls = Array.from(
      { length: 24 },
      (_, at): Call => ({ number: 24 * round + at, bytes: READ_BYTES, kind: KINDS[at % KINDS.length]! }),
    );
    const told = await Promise.all(
      calls.map(async (call, at) => {
        const response = await begin(call);
        if (at % 6 !== 5) return await digestOf(response);
        response.destroy();
        return 'left';
      }),
    );
    expect(told).toEqual(calls.map((call, at) => (at % 6 === 5 ? 'left' : digest(bodyOf(call)))));
  }
  const late = await Promise.all(waiting.map(digestOf));
  expect(late).toEqual(unread.map((call) => digest(bodyOf(call))));
}, 60_000);
