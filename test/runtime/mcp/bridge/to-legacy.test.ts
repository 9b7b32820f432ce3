import { describe, expect, it } from 'vitest';
import { toLegacy } from '../../../../runtime/mcp/bridge/to-legacy.ts';
import { isRefused, type Message, readMessage } from '../../../../runtime/mcp/message.ts';
import { MODERN_METHODS } from '../../../../runtime/mcp/method.ts';
import { answerAs, readResponse } from '../../../../runtime/mcp/response.ts';

const request = (method: string, params: object): Message => {
  const value = { jsonrpc: '2.0', id: 1, method, params };
  const read = readMessage(JSON.stringify(value), value, 64);
  if (isRefused(read)) throw read.error;
  return read;
};

const adapt = (text: string, method = 'tools/call', params: object = { name: 'a' }): string => {
  const response = readResponse(text, JSON.parse(text));
  const edits = toLegacy.responseEdits(response, MODERN_METHODS.get(method)!, request(method, params));
  return answerAs(response, '1', edits);
};

const result = (json: string): string => `{"jsonrpc":"2.0","id":1,"result":${json}}`;
const error = (json: string): string => `{"jsonrpc":"2.0","id":1,"error":${json}}`;

describe('a legacy result told to a modern client', () => {
  it.each([
    ['{}', '{"resultType":"complete"}'],
    ['{ "content":[] }', '{"resultType":"complete", "content":[] }'],
  ])('is complete: %s', (before, after) => {
    expect(adapt(result(before))).toBe(result(after));
  });

  it('is not to be cached where 2026-07-28 wants to be told', () => {
    const read = adapt(result('{"contents":[]}'), 'resources/read', { uri: 'a://b' });
    expect(read).toBe(result('{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}'));
  });

  it.each([
    ['{"resultType":"input_required"}', '{"resultType":"complete"}'],
    [
      '{"content":[],"resultType":"input_required","n":1.0}',
      '{"resultType":"complete","content":[],"n":1.0}',
    ],
    ['{"ttlMs":9,"cacheScope":"public","content":[]}', '{"resultType":"complete","content":[]}'],
    ['{"\\u0072esultType":"task","content":[]}', '{"resultType":"complete","content":[]}'],
  ])('says nothing that only a modern server can say: %s', (before, after) => {
    expect(adapt(result(before))).toBe(result(after));
  });
});

describe('a legacy not-found told to a modern client', () => {
  const read = (json: string) => JSON.parse(adapt(error(json), 'resources/read', { uri: 'a://b' })).error;

  it('has the code of invalid parameters and the URI that was asked for', () => {
    expect(read('{"code":-32002,"message":"no"}')).toEqual({
      code: -32602,
      message: 'no',
      data: { uri: 'a://b' },
    });
  });

  it.each([
    ['{"code":-32002,"message":"no","data":{"uri":"other://x","hint":1}}', { uri: 'a://b', hint: 1 }],
    ['{"code":-32002,"message":"no","data":null}', { uri: 'a://b' }],
    ['{"data":"text","code":-32002,"message":"no"}', { uri: 'a://b' }],
  ])('keeps what else %s tells', (json, data) => {
    expect(read(json)).toEqual({ code: -32602, message: 'no', data });
  });

  it('leaves other errors as they are', () => {
    const text = error('{"code":-32000,"message":"no", "data":{}}');
    expect(adapt(text)).toBe(text);
  });

  it('has no URI where none was asked for', () => {
    const told = JSON.parse(adapt(error('{"code":-32002,"message":"no","data":7}')));
    expect(told.error).toEqual({ code: -32602, message: 'no', data: 7 });
  });
});
