import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Connector, type Inlet } from '../../../../runtime/upstream/client/connect.ts';
import { Connection } from '../../../../runtime/upstream/client/connection.ts';
import { Outgoing } from '../../../../runtime/upstream/client/outgoing.ts';

/** What TLS hands on at once. */
const RECORD_BYTES = 16 * 1024;

/** Opens nothing: the test says what comes. */
class TestConnector extends Connector {
  inlet: Inlet | undefined;
  #buffer: Uint8Array | undefined;

  constructor() {
    super({ secure: true, host: 'upstream.test', port: 443 }, {});
  }

  override open(inlet: Inlet, onReady: () => void): Socket {
    this.inlet = inlet;
    queueMicrotask(onReady);
    return new Socket();
  }

  /** As a socket does, also where it was asked for no more. */
  hand(bytes: Buffer): void {
    this.#buffer ??= this.inlet!.nextBuffer();
    this.#buffer!.set(bytes);
    this.inlet!.onBytes(bytes.length);
    this.#buffer = this.inlet!.nextBuffer() ?? this.#buffer;
  }
}

test('what is handed on while it is paused comes whole, though it is more than is read at once', () => {
  const connector = new TestConnector();
  const connection = new Connection(connector, 1_000, { onFree() {}, onGone() {} });
  const came: Buffer[] = [];
  const request = new Outgoing(
    { head: 'GET / HTTP/1.1\r\n', isHead: false, body: null },
    {
      onHead() {},
      onData(chunk) {
        if (came.length === 0) connection.pause();
        came.push(Buffer.from(chunk));
      },
      onEnd() {},
      onError() {},
    },
    () => undefined,
  );
  connection.send(request);
  const body = Buffer.from(Array.from({ length: 6 * RECORD_BYTES }, (_, at) => 97 + (at % 23)));
  const head = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n!\r\n${body.length.toString(16)}\r\n`;
  const sent = Buffer.concat([Buffer.from(head), body]);
  for (let at = 0; at < sent.length; at += RECORD_BYTES) connector.hand(sent.subarray(at, at + RECORD_BYTES));
  expect(Buffer.concat(came).toString()).toBe('!');
  connection.resume();
  expect(Buffer.concat(came).equals(Buffer.concat([Buffer.from('!'), body]))).toBe(true);
  connection.destroy();
});

test('what comes behind its last reply is not put where that lies', () => {
  const connector = new TestConnector();
  const connection = new Connection(connector, 1_000, { onFree() {}, onGone() {} });
  const came: Buffer[] = [];
  const target = { onHead() {}, onData: (chunk: Buffer) => void came.push(chunk), onEnd() {}, onError() {} };
  const text = { head: 'GET / HTTP/1.1\r\n', isHead: false, body: null };
  connection.send(new Outgoing(text, target, () => undefined));
  const body = Buffer.from(Array.from({ length: 24 * RECORD_BYTES + 1 }, (_, at) => 97 + (at % 23)));
  const framing = `connection: close\r\ncontent-length: ${body.length}`;
  connector.hand(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`), body.subarray(0, 1)]));
  const piece = 4 * RECORD_BYTES;
  for (let at = 1; at < body.length; at += piece) connector.hand(body.subarray(at, at + piece));
  expect(connection.isGone).toBe(true);
  connector.hand(Buffer.alloc(2 * RECORD_BYTES, '!'));
  expect(Buffer.concat(came).equals(body)).toBe(true);
});
