import { describe, expect, it } from 'vitest';
import { answerAs, readResponse } from '../../../runtime/mcp/response.ts';

const read = (text: string) => readResponse(text, JSON.parse(text));

describe('readResponse', () => {
  it('tells results, failed tools and errors apart', () => {
    expect(read('{"jsonrpc":"2.0","id":1,"result":{}}')).toMatchObject({ outcome: 'ok', resultStart: 33 });
    expect(read('{"jsonrpc":"2.0","id":1,"result":{"isError":true}}').outcome).toBe('tool_error');
    expect(read('{"jsonrpc":"2.0","id":1,"error":{"code":-7,"message":"x"}}')).toMatchObject({
      outcome: 'protocol_error',
      errorCode: -7,
    });
  });

  it.each([
    ['an id twice', '{"jsonrpc":"2.0","id":77,"result":{},"id":1}'],
    ['an error twice', '{"jsonrpc":"2.0","id":1,"error":1,"error":{"code":-1,"message":"x"}}'],
    ['a result twice, once in disguise', '{"jsonrpc":"2.0","id":1,"result":{"a":1},"r\\u0065sult":{"a":2}}'],
    ['result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":-1,"message":"x"}}'],
    ['a result of null', '{"jsonrpc":"2.0","id":1,"result":null}'],
    ['an array as result', '{"jsonrpc":"2.0","id":1,"result":[1]}'],
    ['a text as result', '{"jsonrpc":"2.0","id":1,"result":"x"}'],
    ['a text as error', '{"jsonrpc":"2.0","id":1,"error":"boom"}'],
    ['an error without a code', '{"jsonrpc":"2.0","id":1,"error":{"message":"x"}}'],
    ['nothing but null', '{"jsonrpc":"2.0","id":1,"result":null,"error":null}'],
  ])('refuses %s', (_what, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'upstream_protocol' }));
  });
});

describe('answerAs', () => {
  it('changes the id and keeps every other byte', () => {
    const text = '{ "id": 5, "result": {"n": 12345678901234567890}, "jsonrpc":"2.0"}';
    expect(answerAs(read(text), '"a"')).toBe(text.replace('5,', '"a",'));
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"result":{"a":1},"error":null}', '{"jsonrpc":"2.0","id":"a","result":{"a":1}}'],
    ['{"error":null,"jsonrpc":"2.0","id":1,"result":{"a":1}}', '{"jsonrpc":"2.0","id":"a","result":{"a":1}}'],
    ['{"jsonrpc":"2.0","id":1,"error":null,"result":{}}', '{"jsonrpc":"2.0","id":"a","result":{}}'],
    [
      '{"jsonrpc":"2.0","result":null,"id":1,"error":{"code":-1,"message":"x"}}',
      '{"jsonrpc":"2.0","id":"a","error":{"code":-1,"message":"x"}}',
    ],
  ])('leaves out the null of %s', (text, answer) => {
    expect(answerAs(read(text), '"a"')).toBe(answer);
  });
});
