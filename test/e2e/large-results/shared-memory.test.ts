/** Many large results at once, which pass through the same memory one after the other. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { afterEach, expect, it, vi } from 'vitest';
import { ReadBuffer } from '../../../runtime/upstream/client/read-buffers.ts';
import { makeCertificate } from '../../support/certificate.ts';
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

/** Other bytes for each call, and at each place of it. */
const resultOf = (idText: string, { number, bytes }: Call): string => {
  let text = '';
  for (let word = 0; text.length < bytes; word += 1) text += `${number}:${word} the same for all of them `;
  return `{"jsonrpc":"2.0","id":${idText},"result":{"content":[{"type":"text","text":"${text}"}],"resultType":"complete"}}`;
};

const bodyOf = (call: Call, idText = String(call.number)): string => {
  const result = resultOf(idText, call);
  return call.kind === 'event' ? `data: ${result}\n\n` : result;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `whole`, or what came in place of it from where it differs. */
const outcomeOf = async (response: http.IncomingMessage, wanted: string): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('latin1');
  if (text === wanted) return 'whole';
  let at = 0;
  while (text[at] === wanted[at]) at += 1;
  return `${response.statusCode}, ${text.length} of ${wanted.length}, from ${at}: ${text.slice(at, at + 100)}`;
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

/** Whatever is given back is overwritten at once: nothing that is read of it later goes unnoticed. */
const overwriteWhatIsGivenBack = (): (() => number) => {
  let times = 0;
  const { lend } = ReadBuffer.prototype;
  vi.spyOn(ReadBuffer.prototype, 'lend').mockImplementation(function (this: ReadBuffer) {
    const loan = lend.call(this);
    const giveBack = loan.giveBack.bind(loan);
    loan.giveBack = () => {
      times += 1;
      this.bytes.fill('!');
      giveBack();
    };
    return loan;
  });
  return () => times;
};
afterEach(() => {
  vi.restoreAllMocks();
});

/** Reads a reply when a test says so. */
class SlowReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');

  constructor(response: http.IncomingMessage) {
    this.#chunks = response[Symbol.asyncIterator]();
  }

  /** About so many bytes more. False: there are no more. */
  async read(bytes: number): Promise<boolean> {
    for (let read = 0; read < bytes; ) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return false;
      this.#hash.update(value);
      read += value.length;
    }
    return true;
  }

  async digest(): Promise<string> {
    await this.read(Number.POSITIVE_INFINITY);
    return this.#hash.digest('hex');
  }
}

const { certificate, key } = makeCertificate('localhost');
const SECURE = {
  tls: { certificate: '${file:./tls.crt}', key: '${file:./tls.key}' },
  http: ['http/1.1'],
};

/** Clients and upstream share its event loop. */
const UNHURRIED = { memory: '1000GiB', eventLoopDelay: '1h' };

it.each([
  ['clear text', {}],
  ['TLS', SECURE],
])(
  'comes over %s as it was sent for each client, while others read little by little and others leave',
  async (_title, listener) => {
    const timesGivenBack = overwriteWhatIsGivenBack();
    const upstream = await startToolUpstream('big', ['fetch']);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => upstream.close());
    upstream.behave(({ message, response }) =>
      answer(response, String(message.id), message.params!.arguments as Call),
    );
    await using gateway = await startTestGateway(
      configuration({ big: upstream.url }, { listener, pressure: UNHURRIED }),
      {
        tap: false,
        files: { 'tls.crt': certificate, 'tls.key': key },
      },
    );
    const url = gateway.audience();
    const begin = (call: Call): Promise<http.IncomingMessage> => {
      const params = { name: 'fetch', arguments: call };
      const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
      const options = {
        method: 'POST',
        agent: false,
        headers: modernHeaders('tools/call', params, {}),
      } as const;
      const request = url.startsWith('https:')
        ? https.request(url, { ...options, ca: certificate })
        : http.request(url, options);
      request.on('error', reject).on('response', resolve);
      request.end(modernBody('tools/call', params, { id: call.number }));
      return promise;
    };
    const slow = KINDS.map((kind, at): Call => ({ number: 900 + at, bytes: UNREAD_BYTES, kind }));
    const readers = (await Promise.all(slow.map(begin))).map((response) => new SlowReader(response));
    for (let round = 0; round < 3; round += 1) {
      const calls = Array.from(
        { length: 16 },
        (_, at): Call => ({ number: 16 * round + at, bytes: READ_BYTES, kind: KINDS[at % KINDS.length]! }),
      );
      const told = await Promise.all(
        calls.map(async (call, at) => {
          const response = await begin(call);
          if (at % 6 !== 5) return await outcomeOf(response, bodyOf(call));
          response.destroy();
          return 'left';
        }),
      );
      expect(told).toEqual(calls.map((_, at) => (at % 6 === 5 ? 'left' : 'whole')));
      for (const reader of readers) expect(await reader.read(2 * READ_BYTES)).toBe(true);
    }
    const late = await Promise.all(readers.map((reader) => reader.digest()));
    expect(late).toEqual(slow.map((call) => digest(bodyOf(call))));
    expect(timesGivenBack()).toBeGreaterThan(100);
  },
  180_000,
);
