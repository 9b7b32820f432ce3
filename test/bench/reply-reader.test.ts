import { describe, expect, it } from 'vitest';
import { ANSWER, LARGE_ANSWER } from '../../bench/call.ts';
import { ReplyReader } from '../../bench/reply-reader.ts';

const body = (id: number, text = ANSWER) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });

const reply = (text: string, { status = '200 OK', length = Buffer.byteLength(text) } = {}) =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\nDate: today\r\n\r\n${text}`);

const chunked = (parts: readonly string[]) => {
  const chunks = parts.map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  return Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
};

describe('ReplyReader', () => {
  it('takes the right answer, and the same answer again', () => {
    const reader = new ReplyReader(7);
    expect(reader.read(reply(body(7)))).toBe('right');
    expect(reader.read(reply(body(7)))).toBe('right');
  });

  it('waits for a reply that comes in pieces, also once it knows the answer', () => {
    const reader = new ReplyReader(7);
    for (let time = 0; time < 2; time += 1) {
      const bytes = reply(body(7));
      expect(reader.read(bytes.subarray(0, 10))).toBe('pending');
      expect(reader.read(bytes.subarray(10, bytes.length - 20))).toBe('pending');
      expect(reader.read(bytes.subarray(bytes.length - 20))).toBe('right');
    }
  });

  it('takes an answer in chunks, whatever their sizes, and in an event stream', () => {
    const text = body(7);
    for (const bytes of [
      chunked([text]),
      chunked([text.slice(0, 9), text.slice(9)]),
      chunked(['data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n', `data: ${text}\n\n`]),
    ]) {
      const reader = new ReplyReader(7);
      expect(reader.read(bytes.subarray(0, 70))).toBe('pending');
      expect(reader.read(bytes.subarray(70))).toBe('right');
      expect(reader.read(bytes)).toBe('right');
    }
  });

  it('takes a large answer only whole', () => {
    const reader = new ReplyReader(7, 'large');
    const bytes = reply(body(7, LARGE_ANSWER));
    expect(reader.read(bytes.subarray(0, 65_536))).toBe('pending');
    expect(reader.read(bytes.subarray(65_536))).toBe('right');
    expect(new ReplyReader(7, 'large').read(reply(body(7)))).toHaveProperty('wrong');
  });

  it('keeps nothing of a buffer that the caller uses again', () => {
    const reader = new ReplyReader(7);
    const bytes = reply(body(7));
    const buffer = Buffer.from(bytes.subarray(0, 40));
    expect(reader.read(buffer)).toBe('pending');
    buffer.fill('x');
    expect(reader.read(bytes.subarray(40))).toBe('right');
  });

  it.each([
    ['another status', reply(body(7), { status: '503 Service Unavailable' })],
    ['a status that only begins like 200', reply(body(7), { status: '2000 OK' })],
    ['the answer to another call', reply(body(8))],
    ['another text', reply(body(7, 'sunny'))],
    ['an error', reply('{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}}')],
    ['no JSON', reply('<html>')],
    ['bytes after the reply', Buffer.concat([reply(body(7)), Buffer.from('HTTP/1.1 200 OK\r\n')])],
    ['a length that is too small', reply(body(7), { length: 20 })],
    ['no length', Buffer.from(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body(7)}`)],
    ['the answer to another call in chunks', chunked([body(8)])],
    [
      'a stream without the answer',
      chunked(['data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n']),
    ],
  ])('calls %s wrong, at first and after a right answer', (_what, wrong) => {
    expect(new ReplyReader(7).read(wrong)).toHaveProperty('wrong');
    const reader = new ReplyReader(7);
    reader.read(reply(body(7)));
    expect(reader.read(wrong)).toHaveProperty('wrong');
  });
});
